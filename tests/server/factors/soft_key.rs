//! An authenticator in software: makes passkeys and shows them as a browser would, or not quite.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const WITH_KEY: u8 = 0x40;

/// One passkey and who holds it.
pub struct SoftKey {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    owner: Vec<u8>,
    /// How often it was used.
    pub counter: u32,
    /// Whether its owner shows finger or face.
    pub verifies: bool,
    /// The page in which it is shown.
    pub origin: String,
}

fn bytes(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// CBOR's byte string.
fn cbor_bytes(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0x59, length[0], length[1]], bytes].concat()
}

impl SoftKey {
    /// The one that `options` asks for, and the browser's answer.
    pub fn make(options: &Value, origin: &str) -> (Self, Value) {
        let asked = &options["publicKey"];
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let id = Sha256::digest(key.public_key().as_ref()).to_vec();
        let owner = bytes(&asked["user"]["id"]);
        let made = Self { key, id, owner, counter: 1, verifies: true, origin: origin.to_owned() };
        let answer = made.registration(asked);
        (made, answer)
    }

    fn client_data(&self, kind: &str, asked: &Value) -> Vec<u8> {
        let data = json!({"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": false});
        data.to_string().into_bytes()
    }

    fn authenticator_data(&self, party: &str, more: &[u8]) -> Vec<u8> {
        let flags = PRESENT | if self.verifies { VERIFIED } else { 0 } | if more.is_empty() { 0 } else { WITH_KEY };
        [&Sha256::digest(party.as_bytes())[..], &[flags], &self.counter.to_be_bytes(), more].concat()
    }

    fn registration(&self, asked: &Value) -> Value {
        let point = self.key.public_key().as_ref();
        // A COSE key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
        let cose = [
            &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20][..],
            &point[1..33],
            &[0x22, 0x58, 0x20],
            &point[33..65],
        ]
        .concat();
        let id_length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let credential = [&[0; 16][..], &id_length, &self.id, &cose].concat();
        let data = self.authenticator_data(asked["rp"]["id"].as_str().unwrap(), &credential);
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let attestation = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData".as_slice(), &cbor_bytes(&data)].concat();
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "attestationObject": text(&attestation),
                "clientDataJSON": text(&self.client_data("webauthn.create", asked)),
            },
        })
    }

    /// Shows the passkey to who asks.
    pub fn show(&mut self, options: &Value) -> Value {
        let asked = &options["publicKey"];
        self.counter += 1;
        let data = self.authenticator_data(asked["rpId"].as_str().unwrap(), &[]);
        let client = self.client_data("webauthn.get", asked);
        let signed = [&data[..], &Sha256::digest(&client)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "clientExtensionResults": {},
            "response": {
                "authenticatorData": text(&data), "clientDataJSON": text(&client), "signature": text(signature.as_ref()),
                "userHandle": text(&self.owner),
            },
        })
    }

    /// Somebody else's, as it says.
    pub fn claims_to_be_of(&mut self, owner: &[u8]) {
        self.owner = owner.to_vec();
    }
}
