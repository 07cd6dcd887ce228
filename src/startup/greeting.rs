//! What is said once the server answers: where everything is.

use super::Running;

/// The lines after `listening on …`.
#[must_use]
pub fn greeting(server: &Running) -> Vec<String> {
    let site = &server.parts.public_url;
    vec![
        format!("  site         {site}/"),
        format!("  back office  {site}/admin"),
        format!("  mailbox      {site}/admin/mailbox"),
        format!("  API docs     {site}/api/docs/"),
    ]
}
