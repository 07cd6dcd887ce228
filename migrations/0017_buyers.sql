-- By what number a show's journal knows a customer, whose limits it counts: random, so that nobody guesses it from an address,
-- and drawn anew when the customer is erased, so that nothing leads from them to what is in the journal.
ALTER TABLE customer ADD COLUMN buyer_id uuid NOT NULL DEFAULT gen_random_uuid();

-- Journals know those of before by a hash over house and address (each with its length before it). It stays theirs until they
-- are erased, or what they have bought would not count any more.
UPDATE customer SET buyer_id = encode(set_byte(set_byte(digest, 6, get_byte(digest, 6) & 15 | 128), 8, get_byte(digest, 8) & 63 | 128), 'hex')::uuid
FROM (
    SELECT id AS of, substring(sha256(
        int8send(8) || convert_to('customer', 'UTF8')
        || int8send(16) || uuid_send(organizer_id)
        || int8send(octet_length(convert_to(email_normalized, 'UTF8'))) || convert_to(email_normalized, 'UTF8')) FROM 1 FOR 16) AS digest
    FROM customer WHERE erased_at IS NULL
) AS before
WHERE before.of = customer.id;
CREATE UNIQUE INDEX customer_buyer ON customer (buyer_id);
