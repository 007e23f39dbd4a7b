//! Passes: requests kept under a name.

use daypass_domain::request::{Intent, Pass};

use crate::{
    agent,
    args::PassVerb,
    json, lease, sign_in,
    text::{Look, Table, print, print_json},
    trouble::Trouble,
};

/// `daypass take PASS`
pub(crate) async fn take(name: String, json: bool) -> Result<(), Trouble> {
    let client = agent::started().await?;
    let before = sign_in::under_way(&client);
    let answer = client.ask(Intent::TakePass { name }).await?;
    lease::taken(&client, answer, before, json).await
}

/// `daypass pass …`
pub(crate) async fn pass(verb: PassVerb, json: bool) -> Result<(), Trouble> {
    let client = agent::started().await?;
    match verb {
        PassVerb::List => {
            let passes = agent::view(&client).await?.passes;
            if json {
                return Ok(print_json(&passes.iter().map(json::Pass::from).collect::<Vec<_>>())?);
            }
            if passes.is_empty() {
                return Ok(print("There is no pass.\n")?);
            }
            let mut table = Table::new(&["PASS", "ROLE", "ID", "FOR", "VIA"]);
            for pass in &passes {
                let request = &pass.request;
                let via: Vec<_> = request.path.iter().map(|hop| hop.role.name()).collect();
                table.row([
                    (pass.name.as_str(), Look::Plain),
                    (request.role.role.as_str(), Look::Plain),
                    (request.role.account.as_str(), Look::Dim),
                    (&request.duration.to_string(), Look::Plain),
                    (&via.join(", "), Look::Dim),
                ]);
            }
            Ok(print(&table.render())?)
        }
        PassVerb::Save { name, wanted } => {
            let request = lease::wish(&client, *wanted).await?;
            let pass = Pass { name, request, open: Vec::new() };
            client.ask(Intent::SavePass { pass: Box::new(pass.clone()) }).await?;
            if json {
                return Ok(print_json(&json::Pass::from(&pass))?);
            }
            Ok(print("Saved. Take it with `daypass take NAME`.\n")?)
        }
        PassVerb::Remove { name } => {
            client.ask(Intent::RemovePass { name: name.clone() }).await?;
            if json { Ok(print_json(&json::Removed { name: &name })?) } else { Ok(()) }
        }
    }
}
