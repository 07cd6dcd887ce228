-- What ends the links of an order, and to whose account an order belongs.

ALTER TABLE orders
    -- Goes under the signature of the order's links and tokens. Raised, it ends every older one.
    ADD COLUMN link_version   integer NOT NULL DEFAULT 0 CHECK (link_version >= 0),
    ADD COLUMN links_ended_at timestamptz; -- when it was raised last

-- An order belongs to an account. Written in the transaction in which it becomes true and never worked out again, because an
-- address may be somebody else's tomorrow.
CREATE TABLE order_claim (
    order_id   uuid NOT NULL REFERENCES orders,
    user_id    uuid NOT NULL REFERENCES app_user ON DELETE CASCADE,
    how        text NOT NULL CHECK (how IN (
                   'ordered',  -- was signed in when it was made
                   'address',  -- its address was shown to be theirs
                   'link')),   -- showed its link; ends with the link
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, user_id)
);
CREATE INDEX order_claim_user ON order_claim (user_id);
-- By its address an order belongs to one account, the first: whoever has the address later gets what is bought later.
CREATE UNIQUE INDEX order_claim_address ON order_claim (order_id) WHERE how = 'address';

INSERT INTO order_claim (order_id, user_id, how)
SELECT o.id, u.id, 'address'
FROM orders o
JOIN customer c ON c.id = o.customer_id
JOIN app_user u ON u.email_normalized = c.email_normalized
WHERE c.erased_at IS NULL AND u.email_verified_at IS NOT NULL AND u.disabled_at IS NULL;
