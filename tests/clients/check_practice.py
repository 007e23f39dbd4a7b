"""Checks daypass-practice against boto3 and the AWS CLI: what they accept, they would accept from AWS.

Usage: python check_practice.py PATH_TO_daypass-practice
Needs the packages of requirements.txt; the `aws` command is taken from the same environment as this Python.
"""

import base64
import hashlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

# Nothing of this machine's own AWS set-up may take part.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
    NO_PROXY="127.0.0.1,localhost",
    no_proxy="127.0.0.1,localhost",
)

import boto3  # noqa: E402
from botocore import UNSIGNED  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

AWS = os.path.join(os.path.dirname(sys.executable), "aws")
REDIRECT = "http://127.0.0.1:43210/oauth/callback"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPES = ["sso:account:access"]


class Practice:
    """A running daypass-practice, ended by closing its standard input."""

    def __init__(self, program, *flags):
        self.process = subprocess.Popen([program, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.hello = json.loads(self.process.stdout.readline())
        self.base = self.hello["baseUrl"]
        self.start_url = self.hello["startUrl"]
        self.region = self.hello["region"]

    def __enter__(self):
        os.environ.update(self.hello["env"])
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def client(self, service, **more):
        return boto3.client(service, region_name=self.region, **more)

    def unsigned(self, service, retries=1):
        return self.client(service, config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": retries}))


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def fetch(url, form=None):
    """Status, headers and text of one request; redirects are not followed."""
    data = urllib.parse.urlencode(form).encode() if form else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)
    try:
        with opener.open(url, data, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def refused(code, call, /, **arguments):
    """The error boto3 parsed must have this code."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response["Error"]
        return error.response
    raise AssertionError(f"{code} was expected, but the call went through")


def sign_in_with_pkce(practice):
    oidc = practice.unsigned("sso-oidc")
    client = oidc.register_client(
        clientName="check", clientType="public", scopes=SCOPES, grantTypes=["authorization_code", "refresh_token"],
        redirectUris=["http://127.0.0.1/oauth/callback"], issuerUrl=practice.start_url,
    )
    assert len(client["clientSecret"]) > 1536 and client["clientSecretExpiresAt"] > client["clientIdIssuedAt"]
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = urllib.parse.urlencode({
        "response_type": "code", "client_id": client["clientId"], "redirect_uri": REDIRECT, "state": "a-state",
        "code_challenge_method": "S256", "scopes": " ".join(SCOPES), "code_challenge": challenge,
    })
    status, headers, text = fetch(f"{practice.base}/authorize?{query}")
    assert status == 200 and 'id="allow"' in text and 'id="deny"' in text, status
    request = re.search(r'name="id" value="([0-9a-f]+)"', text).group(1)
    status, headers, _ = fetch(f"{practice.base}/authorize", {"id": request, "decision": "allow"})
    assert status == 303, status
    answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(headers["Location"]).query))
    assert answer["state"] == "a-state"
    own = {"clientId": client["clientId"], "clientSecret": client["clientSecret"]}
    code = {"grantType": "authorization_code", "code": answer["code"], "redirectUri": REDIRECT, "codeVerifier": verifier}
    token = oidc.create_token(**own, **code)
    assert token["tokenType"] == "Bearer" and 3590 <= token["expiresIn"] <= 3600
    refused("InvalidGrantException", oidc.create_token, **own, **code)
    return oidc, own, token


class Checks:
    """Runs checks one by one, and counts them."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def __call__(self, what, run):
        try:
            run()
        except Exception as error:  # any failure is counted, whatever its kind
            self.failed += 1
            print(f"failed: {what}: {type(error).__name__}: {error}")
        else:
            self.passed += 1
            print(f"ok: {what}")

    def told(self):
        """The exit code."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def main(program):
    check = Checks()

    with Practice(program) as practice:
        kept = {}

        def pkce():
            kept["oidc"], kept["own"], kept["token"] = sign_in_with_pkce(practice)

        def refresh():
            grant = {"grantType": "refresh_token", "refreshToken": kept["token"]["refreshToken"]}
            renewed = kept["oidc"].create_token(**kept["own"], **grant)
            assert renewed["refreshToken"] != grant["refreshToken"]
            refused("InvalidGrantException", kept["oidc"].create_token, **kept["own"], **grant)
            kept["token"] = renewed

        def device():
            oidc = practice.unsigned("sso-oidc")
            client = oidc.register_client(clientName="check", clientType="public", scopes=SCOPES)
            own = {"clientId": client["clientId"], "clientSecret": client["clientSecret"]}
            started = oidc.start_device_authorization(**own, startUrl=practice.start_url)
            grant = {"grantType": DEVICE_GRANT, "deviceCode": started["deviceCode"]}
            refused("AuthorizationPendingException", oidc.create_token, **own, **grant)
            refused("SlowDownException", oidc.create_token, **own, **grant)
            again = oidc.start_device_authorization(**own, startUrl=practice.start_url)
            _, _, text = fetch(again["verificationUriComplete"])
            assert again["userCode"] in text
            form = {"user_code": again["userCode"], "decision": "allow"}
            assert fetch(again["verificationUri"], form)[0] == 200
            token = oidc.create_token(**own, grantType=DEVICE_GRANT, deviceCode=again["deviceCode"])
            assert token["accessToken"] and token["refreshToken"]

        def wrong_client():
            own = {**kept["own"], "clientSecret": "wrong"}
            answer = refused("InvalidClientException", kept["oidc"].create_token, **own, grantType="refresh_token")
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 401
            assert answer["error"] == "invalid_client" and answer["error_description"]

        def accounts():
            sso = practice.unsigned("sso")
            pages = list(sso.get_paginator("list_accounts").paginate(
                accessToken=kept["token"]["accessToken"], PaginationConfig={"PageSize": 30}))
            assert [len(page["accountList"]) for page in pages] == [30, 30, 11]
            kept["accounts"] = [account for page in pages for account in page["accountList"]]
            assert kept["accounts"][0] == {
                "accountId": "111122223333", "accountName": "payments-prod", "emailAddress": "payments-prod@example.com"}

        def roles():
            sso = practice.unsigned("sso")
            paginator = sso.get_paginator("list_account_roles")
            found = [role for account in kept["accounts"] for page in paginator.paginate(
                accessToken=kept["token"]["accessToken"], accountId=account["accountId"]) for role in page["roleList"]]
            assert len(found) == 214, len(found)

        def credentials():
            answer = practice.unsigned("sso").get_role_credentials(
                accessToken=kept["token"]["accessToken"], accountId="111122223333", roleName="ReadOnlyAccess")
            kept["keys"] = answer["roleCredentials"]
            end = datetime.fromtimestamp(kept["keys"]["expiration"] / 1000, timezone.utc)
            left = end - datetime.now(timezone.utc)
            assert timedelta(minutes=59) < left <= timedelta(hours=1), left

        def not_assigned():
            answer = refused("ForbiddenException", practice.unsigned("sso").get_role_credentials,
                             accessToken=kept["token"]["accessToken"], accountId="111122223333", roleName="BillingViewer")
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
            refused("UnauthorizedException", practice.unsigned("sso").list_accounts, accessToken="made up")

        def sts(**changes):
            keys = {**kept["keys"], **changes}
            return practice.client(
                "sts", aws_access_key_id=keys["accessKeyId"], aws_secret_access_key=keys["secretAccessKey"],
                aws_session_token=keys["sessionToken"])

        def identity():
            answer = sts().get_caller_identity()
            assert answer["Account"] == "111122223333" and answer["UserId"].endswith(":dana@example.com")
            pattern = r"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_ReadOnlyAccess_[0-9a-f]{16}/dana@example\.com"
            assert re.fullmatch(pattern, answer["Arn"]), answer["Arn"]
            kept["arn"] = answer["Arn"]

        def wrong_signature():
            secret = kept["keys"]["secretAccessKey"][::-1]
            refused("SignatureDoesNotMatch", sts(secretAccessKey=secret).get_caller_identity)
            refused("InvalidClientTokenId", sts(sessionToken="made up").get_caller_identity)
            refused("AccessDenied", sts().get_session_token)
            refused("AccessDenied", sts().assume_role, RoleArn="arn:aws:iam::111122223333:role/x", RoleSessionName="xx")

        def command(*words, **changes):
            keys = {**kept["keys"], **changes}
            with tempfile.TemporaryDirectory() as home:
                env = {**os.environ, "HOME": home, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
                       "AWS_ACCESS_KEY_ID": keys["accessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["secretAccessKey"],
                       "AWS_SESSION_TOKEN": keys["sessionToken"]}
                return subprocess.run([AWS, *words, "--output", "json"], env=env, capture_output=True, text=True, timeout=60)

        def identity_by_command():
            done = command("sts", "get-caller-identity")
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["Arn"] == kept["arn"]
            done = command("sts", "get-caller-identity", secretAccessKey="x" * 40)
            assert done.returncode != 0 and "SignatureDoesNotMatch" in done.stderr, done.stderr

        def accounts_by_command():
            done = command("sso", "list-accounts", "--access-token", kept["token"]["accessToken"])
            assert done.returncode == 0, done.stderr
            assert len(json.loads(done.stdout)["accountList"]) == 71

        def console():
            keys = kept["keys"]
            session = json.dumps({"sessionId": keys["accessKeyId"], "sessionKey": keys["secretAccessKey"],
                                  "sessionToken": keys["sessionToken"]})
            form = {"Action": "getSigninToken", "SessionDuration": "900", "Session": session}
            federation = practice.hello["env"]["DAYPASS_FEDERATION_URL"]
            status, _, text = fetch(federation, form)
            assert status == 200, text
            query = urllib.parse.urlencode({
                "Action": "login", "Issuer": practice.start_url, "SigninToken": json.loads(text)["SigninToken"],
                "Destination": "https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1"})
            status, headers, _ = fetch(f"{federation}?{query}")
            assert status == 302, status
            status, _, text = fetch(headers["Location"])
            assert status == 200 and 'id="console"' in text and "payments-prod" in text
            assert fetch(f"{federation}?{query}")[0] == 400

        def logout():
            sso = practice.unsigned("sso")
            token = kept["token"]["accessToken"]
            sso.logout(accessToken=token)
            refused("UnauthorizedException", sso.list_accounts, accessToken=token)
            assert sts().get_caller_identity()["Account"] == "111122223333"

        check("PKCE: register, authorize, token, code single use", pkce)
        check("refresh with rotation", refresh)
        check("device code: pending, slow down, approved", device)
        check("a wrong client secret is InvalidClientException", wrong_client)
        check("boto3's paginator lists 71 accounts", accounts)
        check("boto3's paginator lists 214 roles", roles)
        check("role credentials end in an hour", credentials)
        check("a role that isn't assigned is ForbiddenException", not_assigned)
        check("boto3: sts get_caller_identity", identity)
        check("boto3: wrong signatures are refused", wrong_signature)
        check("aws sts get-caller-identity", identity_by_command)
        check("aws sso list-accounts", accounts_by_command)
        check("console sign-in, once", console)
        check("logout ends the token, not the credentials", logout)

    check("ends when its standard input closes", lambda: exited(practice.process, 0))

    with Practice(program, "--auto-approve", "--calls-per-second", "5", "--role-credentials-lifetime", "0") as practice:
        def throttled():
            _, _, token = sign_in_at_once(practice)
            sso = practice.unsigned("sso")
            answers = []
            for _ in range(12):
                try:
                    sso.list_accounts(accessToken=token["accessToken"])
                    answers.append("200")
                except ClientError as error:
                    answers.append(error.response["Error"]["Code"])
            assert answers.count("200") >= 5 and "TooManyRequestsException" in answers, answers
            patient = practice.unsigned("sso", retries=8)
            for _ in range(6):
                patient.list_accounts(accessToken=token["accessToken"])
            kept["token"] = token

        def expired():
            keys = practice.unsigned("sso", retries=8).get_role_credentials(
                accessToken=kept["token"]["accessToken"], accountId="111122223333", roleName="ReadOnlyAccess")["roleCredentials"]
            kept["keys"] = keys
            refused("ExpiredToken", sts().get_caller_identity)

        check("429 above the limit, and boto3's own retries get through", throttled)
        check("expired credentials are ExpiredToken", expired)
        practice.process.send_signal(signal.SIGTERM)
        check("ends on SIGTERM", lambda: exited(practice.process, 0))

    return check.told()


def sign_in_at_once(practice):
    """The device flow where the organisation says yes by itself."""
    oidc = practice.unsigned("sso-oidc")
    client = oidc.register_client(clientName="check", clientType="public", scopes=SCOPES)
    own = {"clientId": client["clientId"], "clientSecret": client["clientSecret"]}
    started = oidc.start_device_authorization(**own, startUrl=practice.start_url)
    assert "Request approved" in fetch(started["verificationUriComplete"])[2]
    return oidc, own, oidc.create_token(**own, grantType=DEVICE_GRANT, deviceCode=started["deviceCode"])


def exited(process, code):
    assert process.wait(timeout=5) == code, process.returncode


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
