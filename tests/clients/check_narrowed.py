"""Checks with boto3 and the AWS CLI that daypass-practice narrows what a session was narrowed to, as AWS would.

Usage: python check_narrowed.py PATH_TO_daypass-practice
Needs what check_practice.py needs.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone

# Clears this machine's own AWS set-up away, before anything of Amazon's is loaded.
from check_practice import AWS, Checks, Config, Practice, boto3, refused, sign_in_at_once

ACCOUNT = "111122223333"
BUCKET = f"audit-logs-{ACCOUNT}"


def role(name, account=ACCOUNT):
    return f"arn:aws:iam::{account}:role/{name}"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(**condition):
    return {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}


def main(program):
    check = Checks()

    with Practice(program, "--auto-approve") as practice:
        _, _, token = sign_in_at_once(practice)

        def portal(name, account=ACCOUNT):
            keys = practice.unsigned("sso").get_role_credentials(
                accessToken=token["accessToken"], accountId=account, roleName=name)["roleCredentials"]
            return {"AccessKeyId": keys["accessKeyId"], "SecretAccessKey": keys["secretAccessKey"],
                    "SessionToken": keys["sessionToken"]}

        def client(service, keys, **more):
            return boto3.client(
                service, aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys["SessionToken"], **{"region_name": "eu-west-1", **more})

        def assume(keys=None, name="DaypassScoped", **more):
            arguments = {"RoleArn": role(name), "RoleSessionName": "dana", **more}
            return client("sts", keys or administrator).assume_role(**arguments)

        def narrowed(*statements, **more):
            return assume(Policy=policy(*statements), **more)["Credentials"]

        def command(keys, *words, config=None, **options):
            with tempfile.TemporaryDirectory() as home:
                env = {**os.environ, "HOME": home, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
                       "AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
                       "AWS_SESSION_TOKEN": keys["SessionToken"]}
                if config:
                    env["AWS_CONFIG_FILE"] = os.path.join(home, "config")
                    with open(env["AWS_CONFIG_FILE"], "w") as file:
                        file.write(config)
                return subprocess.run([AWS, *words], env=env, capture_output=True, text=True, timeout=60, **options)

        administrator = portal("AdministratorAccess")
        put_only = allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/*")

        def answer():
            told = assume(
                DurationSeconds=900, SourceIdentity="dana@example.com", Policy=policy(put_only),
                PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
                Tags=[{"Key": "Ticket", "Value": "OPS-1"}], TransitiveTagKeys=["Ticket"])
            left = told["Credentials"]["Expiration"] - datetime.now(timezone.utc)
            assert timedelta(minutes=14) < left <= timedelta(minutes=15), left
            assert told["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/DaypassScoped/dana"
            assert told["AssumedRoleUser"]["AssumedRoleId"].endswith(":dana")
            assert told["SourceIdentity"] == "dana@example.com" and 0 < told["PackedPolicySize"] <= 100

        def put_by_command():
            keys = narrowed(put_only)
            done = command(keys, "s3", "cp", "-", f"s3://{BUCKET}/replay/by hand.json", input="{}")
            assert done.returncode == 0, done.stderr
            for words in (["s3", "ls"], ["s3", "ls", f"s3://{BUCKET}"], ["s3", "rm", f"s3://{BUCKET}/replay/by hand.json"]):
                done = command(keys, *words)
                assert done.returncode != 0 and "AccessDenied" in done.stderr, (words, done.stderr)
                assert "because no session policy allows the s3:" in done.stderr, done.stderr
            done = command(keys, "s3", "cp", f"s3://{BUCKET}/replay/by hand.json", "-")
            assert done.returncode != 0, done.stdout
            done = command(administrator, "s3", "ls", f"s3://{BUCKET}/replay/")
            assert done.returncode == 0 and "by hand.json" in done.stdout, done
            done = command(administrator, "s3", "cp", f"s3://{BUCKET}/replay/by hand.json", "-")
            assert (done.returncode, done.stdout) == (0, "{}"), done

        def put_by_boto3():
            s3 = client("s3", narrowed(put_only))
            s3.upload_fileobj(io.BytesIO(b"x" * 70000), BUCKET, "replay/ä+b")
            error = refused("AccessDenied", s3.list_objects_v2, Bucket=BUCKET)
            assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
            refused("AccessDenied", s3.get_object, Bucket=BUCKET, Key="replay/ä+b")
            refused("403", s3.head_object, Bucket=BUCKET, Key="replay/ä+b")
            whole = client("s3", administrator)
            pages = whole.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2})
            keys = [one["Key"] for page in pages for one in page["Contents"]]
            assert "replay/ä+b" in keys and keys == sorted(keys) and len(keys) >= 4, keys
            older = whole.get_paginator("list_objects").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2})
            assert [one["Key"] for page in older for one in page["Contents"]] == keys
            refused("NotImplemented", whole.get_bucket_acl, Bucket=BUCKET)
            into = io.BytesIO()
            whole.download_fileobj(BUCKET, "replay/ä+b", into)
            assert into.getvalue() == b"x" * 70000
            whole.delete_object(Bucket=BUCKET, Key="replay/ä+b")
            refused("NoSuchKey", whole.get_object, Bucket=BUCKET, Key="replay/ä+b")
            refused("404", whole.head_object, Bucket=BUCKET, Key="replay/ä+b")
            assert {bucket["Name"] for bucket in whole.list_buckets()["Buckets"]} == {BUCKET, f"exports-{ACCOUNT}"}

        def until():
            now = datetime.now(timezone.utc)
            for moment, is_late in ((now + timedelta(hours=1), False), (now - timedelta(seconds=2), True)):
                stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
                keys = narrowed(allow("*"), deny(DateGreaterThan={"aws:CurrentTime": stamp}))
                done = command(keys, "dynamodb", "list-tables")
                assert (done.returncode != 0) == is_late, done
                assert not is_late or "explicit deny in a session policy" in done.stderr, done.stderr

        def regions():
            keys = narrowed(allow("*"), deny(StringNotEquals={"aws:RequestedRegion": ["eu-west-1"]}))
            client("dynamodb", keys).list_tables()
            refused("AccessDeniedException", client("dynamodb", keys, region_name="us-east-1").list_tables)

        def sentences():
            for name, more, what in (
                ("Untagged", {"Tags": [{"Key": "Ticket", "Value": "OPS-1"}]}, "sts:TagSession"),
                ("Anonymous", {"SourceIdentity": "dana"}, "sts:SetSourceIdentity"),
                ("PartnerAudit", {"ExternalId": "wrong"}, "sts:AssumeRole"),
                ("MfaOnly", {}, "sts:AssumeRole"),
                ("Sealed", {}, "sts:AssumeRole"),
            ):
                done = refused("AccessDenied", assume, name=name, **more)
                assert done["Error"]["Message"].endswith(
                    f"is not authorized to perform: {what} on resource: {role(name)}"), done["Error"]
            assume(name="PartnerAudit", ExternalId="acme-audit-2026")

        def limits():
            hour = refused("ValidationError", assume, name="LongRunning", DurationSeconds=7200)
            assert "1 hour session limit for roles assumed by role chaining" in hour["Error"]["Message"]
            refused("ValidationError", assume, Policy=policy(allow("s3:*", "arn:aws:s3:::" + "x" * 2000)))
            refused("MalformedPolicyDocument", assume, Policy='{"Version":')
            refused("MalformedPolicyDocument", assume, Policy=policy(allow("s3:*", "my-bucket")))
            tags = [{"Key": f"tag{number}", "Value": "v" * 200} for number in range(4)]
            large = refused("PackedPolicyTooLarge", assume, Tags=tags)
            assert "of allotted space" in large["Error"]["Message"]
            refused("AccessDenied", client("sts", portal("BillingViewer", "777788889999")).assume_role,
                    RoleArn=role("DaypassScoped", "777788889999"), RoleSessionName="dana")

        def chain():
            first = assume(SourceIdentity="dana@example.com")["Credentials"]
            second = assume(first, "SecondHop")
            assert second["SourceIdentity"] == "dana@example.com"
            who = client("sts", second["Credentials"]).get_caller_identity()
            assert who["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/SecondHop/dana", who
            refused("AccessDenied", client("s3", second["Credentials"]).put_object, Bucket=BUCKET, Key="x", Body=b"")

        def by_profile():
            config = (f"[profile partner]\nrole_arn = {role('PartnerAudit')}\ncredential_source = Environment\n"
                      "external_id = acme-audit-2026\nrole_session_name = by-profile\n")
            done = command(administrator, "sts", "get-caller-identity", "--output", "json", "--profile", "partner",
                           config=config)
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["Arn"].endswith("assumed-role/PartnerAudit/by-profile"), done.stdout

        def services():
            one = "arn:aws:{}:eu-west-1:" + ACCOUNT + ":{}"
            keys = narrowed(
                allow("dynamodb:GetItem", one.format("dynamodb", "table/orders")),
                allow("logs:FilterLogEvents", one.format("logs", "log-group:/acme/checkout:*")),
                allow("ssm:GetParametersByPath", one.format("ssm", "parameter/checkout")),
                allow("secretsmanager:GetSecretValue", one.format("secretsmanager", "secret:partner/token-??????")),
                allow("lambda:InvokeFunction", one.format("lambda", "function:replay-audit")))
            table = client("dynamodb", keys)
            key = {"id": {"S": "o-1001"}}
            assert table.get_item(TableName="orders", Key=key)["Item"]["state"] == {"S": "shipped"}
            refused("AccessDeniedException", table.scan, TableName="orders")
            refused("AccessDeniedException", table.get_item, TableName="sessions", Key=key)
            logs = client("logs", keys)
            assert logs.filter_log_events(logGroupName="/acme/checkout", filterPattern="ERROR")["events"]
            refused("AccessDeniedException", logs.describe_log_groups)
            ssm = client("ssm", keys)
            found = ssm.get_parameters_by_path(Path="/checkout", Recursive=True, WithDecryption=True)["Parameters"]
            assert {"practice-only", "on"} <= {parameter["Value"] for parameter in found}
            refused("AccessDeniedException", ssm.get_parameter, Name="/shared/region")
            secrets = client("secretsmanager", keys)
            assert secrets.get_secret_value(SecretId="partner/token")["SecretString"] == "practice-only"
            refused("AccessDeniedException", secrets.get_secret_value, SecretId="checkout/database")
            functions = client("lambda", keys)
            answer = functions.invoke(FunctionName="replay-audit", Payload=b'{"from":1}')
            assert json.load(answer["Payload"])["event"] == {"from": 1}
            refused("AccessDeniedException", functions.invoke, FunctionName="checkout")
            refused("AccessDeniedException", functions.list_functions)
            for_all = client("lambda", administrator).list_functions()["Functions"]
            arn = next(one["FunctionArn"] for one in for_all if one["FunctionName"] == "replay-audit")
            assert functions.invoke(FunctionName=arn)["StatusCode"] == 200
            assert client("ssm", administrator).get_parameter(Name="/shared/region")["Parameter"]["Value"] == "eu-west-1"

        def looked_at():
            iam = client("iam", administrator)
            found = iam.get_role(RoleName="PartnerAudit")["Role"]
            condition = found["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
            assert condition == {"StringEquals": {"sts:ExternalId": "acme-audit-2026"}}, found
            assert [role["MaxSessionDuration"] for role in iam.list_roles()["Roles"] if role["RoleName"] == "LongRunning"] == [43200]
            refused("NoSuchEntity", iam.get_role, RoleName="Nobody")
            refused("AccessDenied", client("iam", narrowed(put_only)).list_roles)

        def elsewhere():
            refused("InvalidAction", client("ec2", administrator).describe_instances)
            refused("UnknownOperationException", client("kinesis", administrator).list_streams)
            patient = Config(retries={"total_max_attempts": 1}, s3={"payload_signing_enabled": False})
            client("s3", administrator, config=patient).put_object(Bucket=BUCKET, Key="unsigned", Body=b"x")
            wrong = {**administrator, "SecretAccessKey": "x" * 40}
            refused("SignatureDoesNotMatch", client("s3", wrong).list_buckets)
            refused("InvalidSignatureException", client("dynamodb", wrong).list_tables)

        check("boto3: assume_role with everything, and its answer", answer)
        check("aws s3: a put-only session may put and nothing else", put_by_command)
        check("boto3: a put-only session may put and nothing else", put_by_boto3)
        check("aws dynamodb: a session with until is refused after it", until)
        check("boto3: other Regions are refused", regions)
        check("boto3: each trust policy refuses in AWS's sentence", sentences)
        check("boto3: durations, sizes and malformed policies", limits)
        check("boto3: a chain of two roles keeps the source identity", chain)
        check("aws: a profile with role_arn and external_id", by_profile)
        check("boto3: one thing of each service", services)
        check("boto3: iam get_role shows the trust policies", looked_at)
        check("boto3: what isn't served, and what isn't rightly signed", elsewhere)

    return check.told()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
