"""What the providers' own libraries think of signatures. Reads questions as JSON, one a line, and answers in the same way.

{"provider": "stripe", "do": "verify", "secret": "…", "body": "…", "signature": "…"}  ->  true or false
{"provider": "stripe", "do": "sign", "secret": "…", "body": "…", "at": 1800000000}     ->  "t=…,v1=…"
"""

import json
import sys

import razorpay
import stripe


def verify(question):
    body, signature, secret = question["body"], question["signature"], question["secret"]
    try:
        if question["provider"] == "stripe":
            stripe.WebhookSignature.verify_header(body, signature, secret, tolerance=300)
        else:
            razorpay.Utility().verify_webhook_signature(body, signature, secret)
    except (stripe.SignatureVerificationError, razorpay.errors.SignatureVerificationError):
        return False
    return True


def sign(question):
    return stripe.WebhookSignature.generate_signature_header(question["body"], question["secret"], timestamp=question["at"])


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(verify(asked) if asked["do"] == "verify" else sign(asked)), flush=True)
