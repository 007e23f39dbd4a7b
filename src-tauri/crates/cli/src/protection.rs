//! `daypass protection`: the guards as the agent found them just now, and the self-check of its memory.

use daypass_domain::{
    failure::Code,
    protection::{Guard, GuardKind, Holds, Protection, SelfCheck},
    request::Intent,
};

use crate::{
    agent, json,
    text::{Look, Table, escape, print, print_json},
    trouble::Trouble,
};

/// The exit code where a secret was found where none belongs.
const FOUND: u8 = 1;

pub(crate) async fn protection(check: bool, json: bool) -> Result<u8, Trouble> {
    let client = agent::started().await?;
    let found = client.ask(Intent::Protection).await?.protection.ok_or(Code::AgentSilent)?;
    let check = match check {
        true => Some(client.ask(Intent::SelfCheck).await?.self_check.ok_or(Code::AgentSilent)?),
        false => None,
    };
    if json {
        print_json(&json::Protection {
            checked_at: found.checked_at.rfc3339(),
            guards: &found.guards,
            self_check: check.as_deref().map(json::SelfCheck::from),
        })?;
    } else {
        print(&told(&found, check.as_deref()))?;
    }
    Ok(exit_code(&found, check.as_deref()))
}

fn exit_code(found: &Protection, check: Option<&SelfCheck>) -> u8 {
    let is_on_disk = |guard: &Guard| guard.kind == GuardKind::Disk && guard.holds == Holds::Degraded;
    let is_clean = !found.guards.iter().any(is_on_disk) && check.is_none_or(SelfCheck::is_clean);
    if is_clean { 0 } else { FOUND }
}

fn told(found: &Protection, check: Option<&SelfCheck>) -> String {
    let mut table = Table::default();
    for guard in &found.guards {
        let (word, look) = match guard.holds {
            Holds::Holds => ("ok", Look::Good),
            Holds::Degraded => ("weaker", Look::Soon),
            Holds::Unknown => ("?", Look::Dim),
        };
        table.row([
            (word, look),
            (&guard.title, Look::Plain),
            (&guard.value, Look::Plain),
            (&guard.fact, Look::Dim),
        ]);
    }
    let mut out = table.render();
    for guard in &found.guards {
        if let Some(advice) = &guard.advice {
            out.push_str(&format!("\n{}. {}\n", escape(&guard.title), escape(advice)));
        }
    }
    let Some(check) = check else { return out };
    out.push_str(&format!("\nThe agent's memory, {} MiB of it:\n", check.kib.div_ceil(1024)));
    let mut table = Table::new(&["SECRET", "HELD", "IN LOCKED PAGES", "ELSEWHERE"]);
    for row in &check.rows {
        let locked = if row.kind.is_some() { row.locked.to_string() } else { "-".to_owned() };
        let held = if row.kind.is_some() { row.secrets.to_string() } else { "-".to_owned() };
        let name =
            if row.kind.is_some() { row.name.clone() } else { format!("{} ({})", row.name, row.secrets) };
        let look = if row.elsewhere > 0 { Look::Bad } else { Look::Good };
        table.row([
            (&name, Look::Plain),
            (&held, Look::Plain),
            (&locked, Look::Plain),
            (&row.elsewhere.to_string(), look),
        ]);
    }
    out.push_str(&table.render());
    out.push_str(&format!("{} {}", check.verdict, check.advice.as_deref().unwrap_or_default()));
    format!("{}\n", out.trim_end())
}

#[cfg(test)]
mod tests {
    use daypass_domain::{
        protection::{Disk, Finding, SecretKind, SelfCheckRow},
        time::Timestamp,
    };

    use super::*;

    fn found(on_disk: u32) -> Protection {
        let disk = Finding::Disk(Disk { files: 7, found: on_disk, ..Disk::default() });
        Protection { checked_at: Timestamp::from_secs(0), guards: vec![Guard::from(disk)] }
    }

    fn check(elsewhere: u32, control_found: bool) -> SelfCheck {
        let held =
            SelfCheckRow { secrets: 1, locked: 1, elsewhere, ..SelfCheckRow::held(SecretKind::AccessToken) };
        let wiped = SelfCheckRow { secrets: 12, ..SelfCheckRow::wiped() };
        SelfCheck::of(Timestamp::from_secs(0), 8192, control_found, vec![held, wiped])
    }

    #[test]
    fn the_exit_code_says_whether_a_secret_is_where_none_belongs() {
        assert_eq!(exit_code(&found(0), None), 0);
        assert_eq!(exit_code(&found(0), Some(&check(0, true))), 0);
        assert_eq!(exit_code(&found(1), None), FOUND);
        assert_eq!(exit_code(&found(0), Some(&check(2, true))), FOUND);
        assert_eq!(
            exit_code(&found(0), Some(&check(0, false))),
            FOUND,
            "a check that failed is no clean one"
        );
    }

    #[test]
    fn the_table_has_what_was_found_and_what_it_comes_to() {
        let text = told(&found(0), Some(&check(0, true)));
        assert!(text.contains("ok  No secret on disk  0 found  7 files of Daypass's read"), "{text}");
        assert!(text.contains("SSO access token   1     1                0\n"), "{text}");
        assert!(text.contains("Wiped before (12)  -     -                0\n"), "{text}");
        assert!(text.ends_with("12 secrets that have gone left none.\n"), "{text}");
        assert!(
            told(&found(0), Some(&check(3, true))).contains("3 copies were found outside the locked pages.")
        );
    }
}
