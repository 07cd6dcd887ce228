//! Looking around: what is on, a production, a show, its plan, its seats.

use crate::map::Map;
use crate::person::Person;

/// Looks around, at the show that everybody talks about.
pub async fn look_around(person: &mut Person<'_>) {
    person.begins();
    let map = person.world().target.clone();
    look_at(person, &map).await;
    let seats = person.get(&format!("/api/v1/shows/{}/seats", map.show));
    let _seen = person.insists("seats", seats).await;
}

/// The way to a show, up to its plan. Who only looks does not mind a page that does not come; what it was is counted.
pub async fn look_at(person: &mut Person<'_>, map: &Map) {
    let pages = [
        ("productions", "/api/v1/productions?limit=20".to_owned()),
        ("production", format!("/api/v1/productions/{}", map.production)),
        ("show", format!("/api/v1/shows/{}", map.show)),
        ("plan", format!("/api/v1/shows/{}/plan?v={}", map.show, map.plan_version)),
    ];
    for (name, path) in pages {
        let request = person.get(&path);
        let _seen = person.insists(name, request).await;
        person.thinks().await;
    }
}
