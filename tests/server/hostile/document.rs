//! The API as its own description has it: every operation with a body, and a body that it would take.

use reqwest::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::harness::{Server, send};
use crate::house::{draft_with, hall};

/// One operation of the document.
pub struct Operation {
    pub method: Method,
    /// From the root, with ids of the house where it knows them.
    pub path: String,
    /// As the document has it.
    pub pattern: String,
    /// The body's schema, where it takes JSON.
    pub body: Option<Value>,
    /// The names of its query.
    pub queries: Vec<String>,
    /// A signed-in browser may use it, and a stranger may not.
    pub needs_session: bool,
}

/// A house, and the API as its own description has it.
pub struct Api {
    document: Value,
    ids: Map<String, Value>,
}

impl Api {
    pub async fn of(server: &Server) -> Self {
        let show = draft_with(server, &hall(2, 6, 20), json!({})).await;
        let row: Value = sqlx::query_scalar(
            "SELECT to_jsonb(s) || jsonb_build_object('show_id', s.id, 'plan_id', v.plan_id) FROM show s
             JOIN plan_version v ON v.id = s.plan_version_id WHERE s.id = $1",
        )
        .bind(show)
        .fetch_one(&server.db)
        .await
        .unwrap();
        let ids = ["show_id", "plan_id", "organizer_id", "venue_id", "production_id"];
        let ids = ids.into_iter().map(|name| (name.to_owned(), row[name].clone())).collect();
        Self { document: serde_json::to_value(aisle::startup::openapi_document()).unwrap(), ids }
    }

    pub fn operations(&self) -> Vec<Operation> {
        let mut all = Vec::new();
        for (pattern, item) in self.document["paths"].as_object().unwrap() {
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let operation = &item[method.as_str().to_lowercase()];
                if operation.is_null() {
                    continue;
                }
                let ways: Vec<&str> = operation["security"].as_array().into_iter().flatten().map(way).collect();
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let queries = parameters.filter(|parameter| parameter["in"] == "query");
                all.push(Operation {
                    queries: queries.map(|query| query["name"].as_str().unwrap().to_owned()).collect(),
                    path: self.address(pattern),
                    pattern: pattern.clone(),
                    body: operation.pointer("/requestBody/content/application~1json/schema").cloned(),
                    needs_session: ways.contains(&"session")
                        && ways.iter().all(|way| ["session", "bearer"].contains(way)),
                    method,
                });
            }
        }
        all
    }

    /// The pattern with the house's ids in it, and a made-up one where it has none.
    fn address(&self, pattern: &str) -> String {
        let id_of = |segment: &str, name: &str| {
            let known = match (segment, name) {
                (_, "show_id") | ("shows", _) => "show_id",
                ("plans", _) => "plan_id",
                ("organizers", _) => "organizer_id",
                ("venues", _) => "venue_id",
                ("productions", _) => "production_id",
                _ => "",
            };
            self.ids.get(known).and_then(Value::as_str).map_or_else(|| Uuid::from_u128(7).to_string(), str::to_owned)
        };
        let mut before = "";
        let mut segments = Vec::new();
        for segment in pattern.split('/') {
            match segment.split_once('{').and_then(|(_, rest)| rest.split_once('}')) {
                Some((name, after)) => segments.push(format!("{}{after}", id_of(before, name))),
                None => segments.push(segment.to_owned()),
            }
            before = segment;
        }
        segments.join("/")
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            return self.resolved(&self.document["components"]["schemas"][name]);
        }
        for word in ["oneOf", "anyOf", "allOf"] {
            if let Some(found) = schema[word].as_array().and_then(|ways| ways.iter().find(|way| way["type"] != "null"))
            {
                return self.resolved(found);
            }
        }
        schema
    }

    /// Something that this schema allows, named `name` where it is a field.
    pub fn sample(&self, schema: &Value, name: &str) -> Value {
        let schema = self.resolved(schema);
        if let Some(example) = schema.get("example").or_else(|| schema.pointer("/examples/0")) {
            return example.clone();
        }
        if let Some(first) = schema.pointer("/enum/0").or_else(|| schema.get("const")) {
            return first.clone();
        }
        let is = |kind: &str| {
            schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
        };
        if is("object") || schema.get("properties").is_some() {
            let required: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let fields = schema["properties"].as_object().into_iter().flatten();
            return fields
                .filter(|(name, _)| required.contains(&name.as_str()))
                .map(|(name, field)| (name.clone(), self.sample(field, name)))
                .collect();
        }
        if is("string") {
            return self.text(schema, name);
        }
        if is("integer") || is("number") {
            return schema.get("minimum").cloned().unwrap_or_else(|| json!(1));
        }
        if is("array") {
            let least = schema["minItems"].as_u64().unwrap_or(0);
            return (0..least).map(|_| self.sample(&schema["items"], name)).collect();
        }
        if is("boolean") { json!(false) } else { json!({}) }
    }

    fn text(&self, schema: &Value, name: &str) -> Value {
        match schema["format"].as_str() {
            Some("uuid") => self.ids.get(name).cloned().unwrap_or_else(|| json!(Uuid::from_u128(7))),
            Some("date-time") => json!("2030-05-04T17:00:00Z"),
            Some("email") => json!("ada@example.org"),
            Some("uri") => json!("https://example.org/"),
            _ if name == "time_zone" => json!("Europe/Stockholm"),
            _ if name == "currency" => json!("EUR"),
            _ if name == "password" => json!("a long and unlikely pass phrase"),
            _ => {
                let least = schema["minLength"].as_u64().unwrap_or(1).max(3);
                json!("x".repeat(usize::try_from(least).unwrap()))
            }
        }
    }

    /// Where the text fields of a body are, optional ones and those within others too: `/name`, `/customer/name`, `/seats/0`.
    pub fn texts(&self, schema: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.gather(schema, "", &mut found);
        found
    }

    fn gather(&self, schema: &Value, at: &str, found: &mut Vec<String>) {
        let schema = self.resolved(schema);
        let is = |kind: &str| {
            schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
        };
        if is("string") {
            found.push(at.to_owned());
        }
        if is("array") {
            self.gather(&schema["items"], &format!("{at}/0"), found);
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            self.gather(field, &format!("{at}/{name}"), found);
        }
    }

    /// A body with this at one of those places, and what it needs around it.
    pub fn with(&self, schema: &Value, at: &str, value: &Value) -> Value {
        let schema = self.resolved(schema);
        let Some((step, rest)) = at.strip_prefix('/').map(|at| at.split_at(at.find('/').unwrap_or(at.len()))) else {
            return value.clone();
        };
        if step == "0" {
            return json!([self.with(&schema["items"], rest, value)]);
        }
        let mut body = self.sample(schema, "");
        body[step] = self.with(&schema["properties"][step], rest, value);
        body
    }
}

fn way(way: &Value) -> &str {
    way.as_object().and_then(|way| way.keys().next()).map_or("", String::as_str)
}

/// What somebody has who signed in with a browser: the cookies, as the browser sends them back.
pub async fn cookies(server: &Server) -> String {
    let hash = server.running.parts.passwords.hash("a long and unlikely pass phrase".to_owned()).await.unwrap();
    sqlx::query("UPDATE app_user SET password_hash = $1, email = 'a@example.org', email_normalized = 'a@example.org'")
        .bind(hash)
        .execute(&server.db)
        .await
        .unwrap();
    let login = json!({"email": "a@example.org", "password": "a long and unlikely pass phrase"});
    let answer = send(server.request(Method::POST, "/auth/login").json(&login)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let set = answer.headers.get_all("set-cookie").iter();
    set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned()).collect::<Vec<_>>().join("; ")
}
