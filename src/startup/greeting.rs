//! What is said once the server answers: where everything is.

use super::{Running, Welcome};

/// The lines after `listening on …`.
#[must_use]
pub fn greeting(server: &Running) -> Vec<String> {
    let site = &server.parts.public_url;
    let mut lines = vec![
        format!("  site         {site}/"),
        format!("  back office  {site}/admin"),
        format!("  mailbox      {site}/admin/mailbox"),
        format!("  API docs     {site}/api/docs/"),
    ];
    match &server.welcome {
        Welcome::Known if server.parts.config.demo => {
            lines.push("  logins       as at the first start, which printed their password".to_owned());
        }
        Welcome::Known => {}
        // What stands after # never reaches a log.
        Welcome::SetUp(token) => lines.push(format!("  set it up    {site}/setup#{token}")),
        Welcome::Demo(logins, password) => lines.push(format!(
            "  logins       {}, {}, {}, password {password}",
            logins.administrator, logins.organizer, logins.box_office
        )),
    }
    lines
}
