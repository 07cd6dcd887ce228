//! Reading without stopping: a value of the wrong kind is remembered as such, and the reading goes on, so that all of a
//! document's problems can be told at once.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What stands where a `T` belongs.
#[derive(Clone, Debug, Default)]
pub(super) enum Loose<T> {
    /// Nothing, or `null`.
    #[default]
    Missing,
    /// A `T`.
    Good(T),
    /// Something else; what, in words.
    Bad(&'static str),
}

/// A kind of JSON value. Every way to make one is refused unless the kind says otherwise.
pub(super) trait Kind: Sized {
    /// What it is called in a problem.
    const NAME: &'static str;

    fn of_text(_: &str) -> Option<Self> {
        None
    }
    fn of_number(_: f64) -> Option<Self> {
        None
    }
    fn of_flag(_: bool) -> Option<Self> {
        None
    }
    fn of_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    fn of_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

impl Kind for String {
    const NAME: &'static str = "a text";
    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Kind for f64 {
    const NAME: &'static str = "a number";
    fn of_number(number: f64) -> Option<Self> {
        Some(number)
    }
}

impl Kind for bool {
    const NAME: &'static str = "true or false";
    fn of_flag(flag: bool) -> Option<Self> {
        Some(flag)
    }
}

impl<T: Kind> Kind for Vec<Loose<T>> {
    const NAME: &'static str = "a list";
    fn of_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut all = Vec::new();
        while let Some(element) = list.next_element()? {
            all.push(element);
        }
        Ok(Some(all))
    }
}

/// Makes a struct of loose fields a [`Kind`]. It is boxed, so that a list of a million wrong things stays small.
macro_rules! object_kind {
    ($($name:ident),+ $(,)?) => {$(
        impl $crate::catalog::plan::loose::Kind for Box<$name> {
            const NAME: &'static str = "an object";
            fn of_object<'de, A: serde::de::MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
                let object = serde::de::value::MapAccessDeserializer::new(object);
                <$name as serde::Deserialize>::deserialize(object).map(|read| Some(Box::new(read)))
            }
        }
    )+};
}
pub(super) use object_kind;

impl<'de, T: Kind> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor(PhantomData))
    }
}

struct LooseVisitor<T>(PhantomData<T>);

fn read<T>(value: Option<T>, else_it_is: &'static str) -> Loose<T> {
    value.map_or(Loose::Bad(else_it_is), Loose::Good)
}

impl<'de, T: Kind> Visitor<'de> for LooseVisitor<T> {
    type Value = Loose<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::NAME)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Loose::Missing)
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(read(T::of_flag(flag), "true or false"))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(read(T::of_number(number as f64), "a number"))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(read(T::of_number(number as f64), "a number"))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(read(T::of_number(number), "a number"))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(read(T::of_text(text), "a text"))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Ok(read(T::of_list(list)?, "a list"))
    }
    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        Ok(read(T::of_object(object)?, "an object"))
    }
}
