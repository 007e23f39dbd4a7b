//! What is left at AWS: said at every sign-out, and how to end it for as long as there is something.

use daypass_domain::{
    chain::Hop,
    event::Event,
    failure::Code,
    ids::SessionId,
    receipt::EndAtAws,
    request::{Intent, SessionRequest},
    time::{Expiration, Seconds},
};

use crate::rig::{HOUR, Rig, end, name, request, wanted};

fn at_aws(rig: &mut Rig, session: &SessionId) -> Result<EndAtAws, Code> {
    let (answer, effects) = rig.ask(Intent::EndAtAws { session: session.clone() })?;
    assert_eq!(effects, [], "nothing is asked of AWS");
    Ok(*answer.end_at_aws.unwrap())
}

fn sign_out(rig: &mut Rig) -> String {
    rig.ask(Intent::SignOut { sso_session: name("acme") }).unwrap().0.remains.unwrap()
}

#[test]
fn how_to_end_at_aws_is_told_while_aws_accepts_something_and_no_longer() {
    let mut rig = Rig::signed_in();
    let lease = rig.lease("Billing", Seconds::minutes(10), HOUR);
    assert_eq!(at_aws(&mut rig, &lease).unwrap().command, None, "a live one");
    rig.ask(end(&lease)).unwrap();
    let told = at_aws(&mut rig, &lease).unwrap();
    assert!(told.steps[1].contains("Billing"), "an ended one");
    rig.pass(HOUR);
    assert_eq!(at_aws(&mut rig, &lease), Err(Code::NothingAccepted));
    let nothing = rig.request("Admin", HOUR);
    assert_eq!(at_aws(&mut rig, &nothing), Err(Code::NothingAccepted), "nothing was issued for it yet");
}

#[test]
fn of_a_chain_the_last_role_is_the_one_to_end() {
    let mut rig = Rig::signed_in();
    let hop = |role: &str| Hop { role: role.parse().unwrap(), external_id: None };
    let path =
        vec![hop("arn:aws:iam::111122223333:role/First"), hop("arn:aws:iam::444455556666:role/x/Last")];
    let wanted = SessionRequest { path, ..wanted("Billing", HOUR) };
    let session = rig.ask(request(&wanted)).unwrap().0.session.unwrap();
    rig.issue(&session, Seconds::minutes(30));
    let told = at_aws(&mut rig, &session).unwrap();
    assert!(told.command.unwrap().contains("--role-name 'Last' "));
    assert!(told.what.contains("Last in 444455556666"));
}

#[test]
fn a_sign_out_says_until_when_aws_accepts_the_last_of_what_was_issued() {
    let mut rig = Rig::signed_in();
    assert!(!sign_out(&mut rig).contains("credentials"), "nothing was issued");
    rig.sign_in("acme");
    let lease = rig.lease("Billing", Seconds::minutes(10), HOUR);
    let expiration = Expiration(rig.now.wall + Seconds::hours(2));
    rig.learn(Event::IssuedLasting { session: lease.clone(), expiration, key_id_end: "LAST".to_owned() });
    rig.ask(end(&lease)).unwrap();
    rig.ask(Intent::Dismiss { session: lease }).unwrap();
    let until = expiration.0.time_of_day(0);
    assert!(sign_out(&mut rig).contains(&format!("until {until}.")), "although its card is gone");
    rig.sign_in("acme");
    rig.pass(Seconds::hours(2));
    assert!(!sign_out(&mut rig).contains("credentials"), "it has expired");
}
