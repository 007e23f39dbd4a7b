//! The access portal: which accounts and roles there are, and credentials for one of them.

use daypass_domain::{
    failure::Code,
    ids::{AccountId, RoleName, RoleRef},
    sso::SsoSession,
    time::{Expiration, Timestamp},
};
use daypass_vault::{
    credentials::{Credentials, Parts},
    secret::Secret,
};
use tokio::time::sleep;
use zeroize::Zeroize;

use crate::{
    client::{Aws, sdk_config},
    error::{self, Trouble},
    oidc::is_token,
    pace::{Pace, jitter},
};

/// Accounts and roles come in pages of this size, the largest there is.
const PAGE: i32 = 100;
/// AWS's own limit is 50 characters; what is longer is cut.
const LONGEST_NAME: usize = 128;
/// More pages than these are no list: an organisation has far fewer accounts.
const MOST_PAGES: usize = 500;
/// The longest token of a page: the SDK panics on an address of 64 KiB, and a byte may take three there.
const LONGEST_TOKEN: usize = 16 * 1024;
/// How often one call of a sync is tried when AWS throttles it, and when it fails otherwise.
const TRIES_THROTTLED: u32 = 12;
const TRIES: u32 = 4;

/// The portal of one SSO session, for one sync.
pub struct Portal<'a> {
    client: aws_sdk_sso::Client,
    token: &'a Secret,
    pace: &'a Pace,
}

impl<'a> Portal<'a> {
    /// # Errors
    /// An endpoint variable is not to be trusted.
    pub fn new(aws: &Aws, sso: &SsoSession, token: &'a Secret, pace: &'a Pace) -> Result<Self, Code> {
        Ok(Self { client: client(aws, sso)?, token, pace })
    }

    /// Every account: id and name. Entries that are no accounts are left out.
    ///
    /// # Errors
    /// The trouble on the way.
    pub async fn accounts(&self) -> Result<Vec<(AccountId, String)>, Code> {
        let mut accounts = Vec::new();
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .patiently("ListAccounts", || {
                    self.client
                        .list_accounts()
                        .max_results(PAGE)
                        .set_next_token(next.clone())
                        .access_token(self.token.with_str(str::to_owned))
                        .send()
                })
                .await
                // No role was asked for: it is the list that is forbidden.
                .map_err(|code| if code == Code::RoleNotAssigned { Code::ListRefused } else { code })?;
            for account in page.account_list.ok_or(Code::EmptyAnswer)? {
                if let Some(Ok(id)) = account.account_id.map(AccountId::try_from) {
                    let name: String =
                        account.account_name.unwrap_or_default().chars().take(LONGEST_NAME).collect();
                    let is_seen = name.chars().any(|c| !c.is_whitespace() && !c.is_control());
                    accounts.push((id.clone(), if is_seen { name } else { id.to_string() }));
                }
            }
            let Some(token) = following(page.next_token, next.as_deref())? else { return Ok(accounts) };
            next = Some(token);
        }
        Err(Code::NotAws)
    }

    /// The roles of one account.
    ///
    /// # Errors
    /// The trouble on the way.
    pub async fn roles(&self, account: &AccountId) -> Result<Vec<RoleName>, Code> {
        let mut roles = Vec::new();
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .patiently("ListAccountRoles", || {
                    self.client
                        .list_account_roles()
                        .account_id(account.as_str())
                        .max_results(PAGE)
                        .set_next_token(next.clone())
                        .access_token(self.token.with_str(str::to_owned))
                        .send()
                })
                .await?;
            let listed = page.role_list.ok_or(Code::EmptyAnswer)?;
            roles.extend(listed.into_iter().filter_map(|r| RoleName::try_from(r.role_name?).ok()));
            let Some(token) = following(page.next_token, next.as_deref())? else { return Ok(roles) };
            next = Some(token);
        }
        Err(Code::NotAws)
    }

    /// Calls at the pace, again where that may help: throttling slows a sync, it never fails it.
    async fn patiently<T, E, F>(&self, operation: &'static str, call: impl Fn() -> F) -> Result<T, Code>
    where
        E: aws_smithy_types::error::metadata::ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E>>>,
    {
        let mut tries = 0;
        loop {
            self.pace.turn().await;
            let error = match call().await {
                Ok(answer) => {
                    self.pace.went_well();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            tries += 1;
            let Trouble { code, retry_after, .. } = error::read(operation, &error);
            let most = match code {
                Code::Throttled => {
                    self.pace.too_fast(retry_after);
                    TRIES_THROTTLED
                }
                Code::AwsTrouble => TRIES,
                code if error::is_transient(code) => TRIES,
                _ => 0,
            };
            if tries >= most {
                return Err(code);
            }
            sleep(jitter(tries)).await;
        }
    }
}

/// The token of the page after this one. One that leads here again leads nowhere.
fn following(next: Option<String>, this: Option<&str>) -> Result<Option<String>, Code> {
    let next = next.filter(|token| !token.is_empty());
    let is_bad = |token: &str| token.len() > LONGEST_TOKEN || Some(token) == this;
    if next.as_deref().is_some_and(is_bad) { Err(Code::NotAws) } else { Ok(next) }
}

type SdkError<E> = aws_smithy_runtime_api::client::result::SdkError<
    E,
    aws_smithy_runtime_api::client::orchestrator::HttpResponse,
>;

/// Credentials for one role, straight into locked pages. How long they last is the permission set's to say.
///
/// # Errors
/// `RoleNotAssigned`, `SignInLapsed`, or the trouble on the way.
pub async fn role_credentials(
    aws: &Aws,
    sso: &SsoSession,
    token: &Secret,
    role: &RoleRef,
) -> Result<(Credentials, Expiration), Code> {
    let client = client(aws, sso)?;
    let answer = error::patiently("GetRoleCredentials", || {
        client
            .get_role_credentials()
            .account_id(role.account.as_str())
            .role_name(role.role.as_str())
            .access_token(token.with_str(str::to_owned))
            .send()
    })
    .await
    .map_err(|trouble| trouble.code)?;
    let mut given = answer.role_credentials.ok_or(Code::EmptyAnswer)?;
    let kept = match (&given.access_key_id, &given.secret_access_key, &given.session_token) {
        (Some(id), Some(key), Some(token)) => kept([id, key, token]),
        _ => Err(Code::NotAws),
    };
    given.secret_access_key.zeroize();
    given.session_token.zeroize();
    let expiration = Expiration(aws.local(Timestamp::from_millis(given.expiration)));
    Ok((kept?, expiration))
}

/// A copy of the three parts in pages of their own, if they can be such parts. The originals stay the caller's to
/// wipe.
pub(crate) fn kept(parts: [&str; 3]) -> Result<Credentials, Code> {
    if !parts.into_iter().all(is_token) {
        return Err(Code::NotAws);
    }
    let [access_key_id, secret_access_key, session_token] = parts;
    let parts = Parts { access_key_id, secret_access_key, session_token };
    Credentials::copy_of(&parts).map_err(|_| Code::NoMemory)
}

/// Ends the portal's session. Credentials already issued outlive it.
///
/// # Errors
/// The trouble on the way.
pub async fn logout(aws: &Aws, sso: &SsoSession, token: &Secret) -> Result<(), Code> {
    let call = client(aws, sso)?.logout().access_token(token.with_str(str::to_owned));
    call.send().await.map(|_| ()).map_err(|e| error::read("Logout", &e).code)
}

fn client(aws: &Aws, sso: &SsoSession) -> Result<aws_sdk_sso::Client, Code> {
    Ok(aws_sdk_sso::Client::from_conf(
        sdk_config!(aws_sdk_sso, aws, sso.region, aws.endpoints(sso)?.portal).build(),
    ))
}
