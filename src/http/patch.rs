//! Edits: a JSON object with the fields that change. What is left out stays.

use garde::Validate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::error::ApiError;
use super::extract::valid;

/// The fields of a `T` that change.
pub struct Patch<T> {
    fields: Map<String, Value>,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<T> Patch<T> {
    /// Whether this field changes.
    #[must_use]
    pub fn names(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }
}

impl<T: Serialize + DeserializeOwned + Validate<Context = ()>> Patch<T> {
    /// What `current` becomes.
    ///
    /// # Errors
    /// `validation_failed`, where the whole would not be as it should be.
    pub fn onto(self, current: &T) -> Result<T, ApiError> {
        let mut document = serde_json::to_value(current).map_err(|error| ApiError::fault(&error))?;
        if let Value::Object(fields) = &mut document {
            fields.extend(self.fields);
        }
        valid(document)
    }
}

impl<'de, T> Deserialize<'de> for Patch<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(|fields| Self { fields, of: std::marker::PhantomData })
    }
}

impl<T> Validate for Patch<T> {
    type Context = ();

    // The fields are validated with those that stay, in `onto`.
    fn validate_into(&self, (): &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

impl<T: PartialSchema> utoipa::__dev::ComposeSchema for Patch<T> {
    // Not composed of a reference to `T`: its fields are the same, but none of them is required.
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        match T::schema() {
            RefOr::T(Schema::Object(mut object)) => {
                object.required.clear();
                RefOr::T(Schema::Object(object))
            }
            other => other,
        }
    }
}

impl<T: ToSchema> ToSchema for Patch<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        // The derive adds what it is a patch of.
        "Patch".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Code;

    #[derive(Serialize, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        #[garde(length(min = 1))]
        name: String,
        #[garde(skip)]
        #[serde(default)]
        note: Option<String>,
    }

    fn patched(patch: Value) -> Result<Thing, ApiError> {
        let patch: Patch<Thing> = serde_json::from_value(patch).unwrap();
        patch.onto(&Thing { name: "a".to_owned(), note: Some("n".to_owned()) })
    }

    #[test]
    fn what_is_left_out_stays_and_null_clears() {
        let thing = patched(serde_json::json!({"name": "b"})).unwrap();
        assert_eq!((thing.name.as_str(), thing.note.as_deref()), ("b", Some("n")));
        assert_eq!(patched(serde_json::json!({"note": null})).unwrap().note, None);
    }

    #[test]
    fn the_whole_must_be_right() {
        for wrong in [serde_json::json!({"name": ""}), serde_json::json!({"name": null}), serde_json::json!({"x": 1})] {
            assert_eq!(patched(wrong).map(|_| ()).unwrap_err().code(), Code::ValidationFailed);
        }
    }
}
