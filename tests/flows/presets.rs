//! What each preset lets pass, as practice's own evaluator judges the policy that is compiled.

use std::collections::{BTreeMap, BTreeSet};

use daypass_domain::{
    scope::{
        Base, Scope,
        compile::Place,
        preset::OURS,
        probe::{Probe, Verdict},
    },
    time::Timestamp,
};
use daypass_practice::lets_pass;

/// A preset filled in, and what its grants allow and what they don't: `action resource`. `{}` stands for
/// `eu-west-1:111122223333`, `*` for actions without a resource.
struct Row {
    preset: &'static str,
    values: &'static [(&'static str, &'static str)],
    grants: &'static [&'static str],
    passes: &'static [&'static str],
    fails: &'static [&'static str],
}

const fn row(
    preset: &'static str,
    values: &'static [(&'static str, &'static str)],
    grants: &'static [&'static str],
    passes: &'static [&'static str],
    fails: &'static [&'static str],
) -> Row {
    Row { preset, values, grants, passes, fails }
}

const ROWS: &[Row] = &[
    row(
        "s3-bucket",
        &[("bucket", "logs"), ("prefix", "a/")],
        &["list", "get", "put", "delete"],
        &[
            "s3:ListBucket arn:aws:s3:::logs",
            "s3:GetObject arn:aws:s3:::logs/a/x",
            "s3:PutObject arn:aws:s3:::logs/a/x",
            "s3:DeleteObject arn:aws:s3:::logs/a/x",
        ],
        &[
            "s3:GetObject arn:aws:s3:::logs/b/x",
            "s3:GetObject arn:aws:s3:::logs2/a/x",
            "s3:DeleteBucket arn:aws:s3:::logs",
            "s3:PutBucketPolicy arn:aws:s3:::logs",
        ],
    ),
    row(
        "s3-bucket",
        &[("bucket", "logs")],
        &["put"],
        &["s3:PutObject arn:aws:s3:::logs/x"],
        &["s3:GetObject arn:aws:s3:::logs/x", "s3:ListBucket arn:aws:s3:::logs"],
    ),
    row(
        "dynamodb-table",
        &[("table", "orders")],
        &["read"],
        &[
            "dynamodb:GetItem arn:aws:dynamodb:{}:table/orders",
            "dynamodb:Query arn:aws:dynamodb:{}:table/orders/index/by-day",
        ],
        &[
            "dynamodb:PutItem arn:aws:dynamodb:{}:table/orders",
            "dynamodb:GetItem arn:aws:dynamodb:{}:table/orders-2",
            "dynamodb:DeleteTable arn:aws:dynamodb:{}:table/orders",
        ],
    ),
    row(
        "dynamodb-table",
        &[("table", "orders")],
        &["write"],
        &["dynamodb:PutItem arn:aws:dynamodb:{}:table/orders"],
        &["dynamodb:GetItem arn:aws:dynamodb:{}:table/orders"],
    ),
    row(
        "log-group",
        &[("group", "/aws/lambda/pay")],
        &["read", "results"],
        &[
            "logs:GetLogEvents arn:aws:logs:{}:log-group:/aws/lambda/pay:log-stream:x",
            "logs:StartQuery arn:aws:logs:{}:log-group:/aws/lambda/pay:*",
            "logs:GetQueryResults *",
        ],
        &[
            "logs:GetLogEvents arn:aws:logs:{}:log-group:/aws/lambda/payroll:log-stream:x",
            "logs:DeleteLogGroup arn:aws:logs:{}:log-group:/aws/lambda/pay",
            "logs:PutLogEvents arn:aws:logs:{}:log-group:/aws/lambda/pay:log-stream:x",
        ],
    ),
    row(
        "ecr-repository",
        &[("repository", "team/api")],
        &["login", "pull"],
        &["ecr:GetAuthorizationToken *", "ecr:BatchGetImage arn:aws:ecr:{}:repository/team/api"],
        &[
            "ecr:PutImage arn:aws:ecr:{}:repository/team/api",
            "ecr:BatchGetImage arn:aws:ecr:{}:repository/team/api2",
            "ecr:BatchGetImage arn:aws:ecr:{}:repository/api",
        ],
    ),
    row(
        "ecr-repository",
        &[("repository", "api")],
        &["push"],
        &["ecr:PutImage arn:aws:ecr:{}:repository/api"],
        &["ecr:DeleteRepository arn:aws:ecr:{}:repository/api", "ecr:GetAuthorizationToken *"],
    ),
    row(
        "lambda-function",
        &[("function", "replay")],
        &["invoke"],
        &[
            "lambda:InvokeFunction arn:aws:lambda:{}:function:replay",
            "lambda:InvokeFunction arn:aws:lambda:{}:function:replay:prod",
        ],
        &[
            "lambda:InvokeFunction arn:aws:lambda:{}:function:replay2",
            "lambda:UpdateFunctionCode arn:aws:lambda:{}:function:replay",
            "lambda:GetFunction arn:aws:lambda:{}:function:replay",
        ],
    ),
    row(
        "lambda-function",
        &[("function", "replay")],
        &["view", "update"],
        &[
            "lambda:GetFunction arn:aws:lambda:{}:function:replay",
            "lambda:UpdateFunctionCode arn:aws:lambda:{}:function:replay",
        ],
        &[
            "lambda:DeleteFunction arn:aws:lambda:{}:function:replay",
            "lambda:AddPermission arn:aws:lambda:{}:function:replay",
        ],
    ),
    row(
        "secret",
        &[("secret", "prod/db")],
        &["read"],
        &["secretsmanager:GetSecretValue arn:aws:secretsmanager:{}:secret:prod/db-AbC123"],
        &[
            "secretsmanager:GetSecretValue arn:aws:secretsmanager:{}:secret:prod/db-admin-AbC123",
            "secretsmanager:PutSecretValue arn:aws:secretsmanager:{}:secret:prod/db-AbC123",
        ],
    ),
    row(
        "secret",
        &[("secret", "prod/db")],
        &["write"],
        &["secretsmanager:PutSecretValue arn:aws:secretsmanager:{}:secret:prod/db-AbC123"],
        &["secretsmanager:DeleteSecret arn:aws:secretsmanager:{}:secret:prod/db-AbC123"],
    ),
    row(
        "ssm-path",
        &[("path", "/app/prod")],
        &["read"],
        &[
            "ssm:GetParameter arn:aws:ssm:{}:parameter/app/prod/url",
            "ssm:GetParametersByPath arn:aws:ssm:{}:parameter/app/prod",
        ],
        &[
            "ssm:GetParameter arn:aws:ssm:{}:parameter/app/production/url",
            "ssm:PutParameter arn:aws:ssm:{}:parameter/app/prod/url",
        ],
    ),
    row(
        "ssm-path",
        &[("path", "/app")],
        &["write"],
        &["ssm:PutParameter arn:aws:ssm:{}:parameter/app/x"],
        &["ssm:DeleteParameter arn:aws:ssm:{}:parameter/app/x"],
    ),
    row(
        "ssm-session",
        &[("instance", "i-0abc")],
        &["start", "end"],
        &[
            "ssm:StartSession arn:aws:ec2:{}:instance/i-0abc",
            "ssm:StartSession arn:aws:ssm:{}:document/SSM-SessionManagerRunShell",
            "ssm:TerminateSession arn:aws:ssm:{}:session/AROA:dana-01",
        ],
        &[
            "ssm:StartSession arn:aws:ec2:{}:instance/i-0def",
            "ssm:TerminateSession arn:aws:ssm:{}:session/AROA:eve-01",
            "ssm:SendCommand arn:aws:ec2:{}:instance/i-0abc",
        ],
    ),
    row(
        "kinesis-stream",
        &[("stream", "clicks")],
        &["read"],
        &["kinesis:GetRecords arn:aws:kinesis:{}:stream/clicks"],
        &[
            "kinesis:PutRecord arn:aws:kinesis:{}:stream/clicks",
            "kinesis:GetRecords arn:aws:kinesis:{}:stream/clicks2",
        ],
    ),
    row(
        "kinesis-stream",
        &[("stream", "clicks")],
        &["write"],
        &["kinesis:PutRecords arn:aws:kinesis:{}:stream/clicks"],
        &["kinesis:DeleteStream arn:aws:kinesis:{}:stream/clicks"],
    ),
    row(
        "sqs-queue",
        &[("queue", "jobs")],
        &["look", "receive"],
        &["sqs:GetQueueUrl arn:aws:sqs:{}:jobs", "sqs:ReceiveMessage arn:aws:sqs:{}:jobs"],
        &["sqs:SendMessage arn:aws:sqs:{}:jobs", "sqs:ReceiveMessage arn:aws:sqs:{}:jobs-dead"],
    ),
    row(
        "sqs-queue",
        &[("queue", "jobs")],
        &["send"],
        &["sqs:SendMessage arn:aws:sqs:{}:jobs"],
        &["sqs:PurgeQueue arn:aws:sqs:{}:jobs", "sqs:DeleteQueue arn:aws:sqs:{}:jobs"],
    ),
    row(
        "sns-topic",
        &[("topic", "alarms")],
        &["publish"],
        &["sns:Publish arn:aws:sns:{}:alarms"],
        &["sns:Publish arn:aws:sns:{}:alarms2", "sns:Subscribe arn:aws:sns:{}:alarms"],
    ),
    row(
        "kms-key",
        &[("key", "1234-abcd")],
        &["decrypt"],
        &["kms:Decrypt arn:aws:kms:{}:key/1234-abcd"],
        &["kms:Encrypt arn:aws:kms:{}:key/1234-abcd", "kms:Decrypt arn:aws:kms:{}:key/9999"],
    ),
    row(
        "kms-key",
        &[("key", "1234-abcd")],
        &["encrypt"],
        &["kms:GenerateDataKeyWithoutPlaintext arn:aws:kms:{}:key/1234-abcd"],
        &[
            "kms:ScheduleKeyDeletion arn:aws:kms:{}:key/1234-abcd",
            "kms:PutKeyPolicy arn:aws:kms:{}:key/1234-abcd",
        ],
    ),
    row(
        "event-bus",
        &[("bus", "orders")],
        &["put"],
        &["events:PutEvents arn:aws:events:{}:event-bus/orders"],
        &[
            "events:PutEvents arn:aws:events:{}:event-bus/default",
            "events:PutRule arn:aws:events:{}:rule/orders/r",
        ],
    ),
    row(
        "state-machine",
        &[("machine", "bill")],
        &["view", "start"],
        &[
            "states:StartExecution arn:aws:states:{}:stateMachine:bill",
            "states:DescribeExecution arn:aws:states:{}:execution:bill:1",
        ],
        &[
            "states:StartExecution arn:aws:states:{}:stateMachine:bill2",
            "states:DeleteStateMachine arn:aws:states:{}:stateMachine:bill",
        ],
    ),
    row(
        "ecs-service",
        &[("cluster", "main"), ("service", "api")],
        &["view", "update"],
        &[
            "ecs:UpdateService arn:aws:ecs:{}:service/main/api",
            "ecs:DescribeTasks arn:aws:ecs:{}:task/main/abc",
        ],
        &[
            "ecs:UpdateService arn:aws:ecs:{}:service/main/web",
            "ecs:ExecuteCommand arn:aws:ecs:{}:task/main/abc",
        ],
    ),
    row(
        "ecs-service",
        &[("cluster", "main"), ("service", "api")],
        &["exec"],
        &[
            "ecs:ExecuteCommand arn:aws:ecs:{}:cluster/main",
            "ecs:ExecuteCommand arn:aws:ecs:{}:task/main/abc",
        ],
        &[
            "ecs:ExecuteCommand arn:aws:ecs:{}:cluster/other",
            "ecs:RunTask arn:aws:ecs:{}:task-definition/x:1",
        ],
    ),
    row(
        "stack",
        &[("stack", "net")],
        &["view"],
        &["cloudformation:DescribeStacks arn:aws:cloudformation:{}:stack/net/1"],
        &[
            "cloudformation:ExecuteChangeSet arn:aws:cloudformation:{}:stack/net/1",
            "cloudformation:DescribeStacks arn:aws:cloudformation:{}:stack/net2/1",
        ],
    ),
    row(
        "stack",
        &[("stack", "net")],
        &["change"],
        &["cloudformation:ExecuteChangeSet arn:aws:cloudformation:{}:stack/net/1"],
        &["cloudformation:DeleteStack arn:aws:cloudformation:{}:stack/net/1"],
    ),
    row(
        "ec2-instance",
        &[("instance", "i-0abc")],
        &["view", "power"],
        &["ec2:DescribeInstances *", "ec2:StopInstances arn:aws:ec2:{}:instance/i-0abc"],
        &[
            "ec2:StopInstances arn:aws:ec2:{}:instance/i-0def",
            "ec2:TerminateInstances arn:aws:ec2:{}:instance/i-0abc",
        ],
    ),
    row(
        "rds-user",
        &[("resource", "db-ABC"), ("user", "dana")],
        &["connect"],
        &["rds-db:connect arn:aws:rds-db:{}:dbuser:db-ABC/dana"],
        &[
            "rds-db:connect arn:aws:rds-db:{}:dbuser:db-ABC/root",
            "rds-db:connect arn:aws:rds-db:{}:dbuser:db-XYZ/dana",
        ],
    ),
    row(
        "pipeline",
        &[("pipeline", "ship")],
        &["view", "start"],
        &[
            "codepipeline:StartPipelineExecution arn:aws:codepipeline:{}:ship",
            "codepipeline:GetPipelineState arn:aws:codepipeline:{}:ship",
        ],
        &[
            "codepipeline:PutApprovalResult arn:aws:codepipeline:{}:ship/prod/ok",
            "codepipeline:StartPipelineExecution arn:aws:codepipeline:{}:ship2",
        ],
    ),
    row(
        "pipeline",
        &[("pipeline", "ship")],
        &["approve"],
        &["codepipeline:PutApprovalResult arn:aws:codepipeline:{}:ship/prod/ok"],
        &["codepipeline:DeletePipeline arn:aws:codepipeline:{}:ship"],
    ),
];

/// What a request of dana's carries.
const KEYS: [(&str, &str); 3] =
    [("aws:userid", "AROA:dana"), ("aws:RequestedRegion", "eu-west-1"), ("s3:prefix", "a/2026")];

#[test]
fn each_preset_lets_pass_what_it_says_and_nothing_beside_it() {
    let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let place = Place { account: &account, region: &region, lease_end: Timestamp::from_secs(0) };
    for Row { preset, values, grants, passes, fails } in ROWS {
        let values =
            values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<BTreeMap<_, _>>();
        let grants = Some(grants.iter().map(|&g| g.to_owned()).collect());
        let scope =
            Scope { base: Base::Preset { preset: (*preset).to_owned(), values, grants }, ..Scope::default() };
        let sent = scope.compile(&place, &OURS).unwrap();
        let policy = sent.document.as_deref().unwrap();
        let elsewhere = ["us-east-1:111122223333", "eu-west-1:444455556666"];
        let asked = passes.iter().map(|row| (row, true)).chain(fails.iter().map(|row| (row, false)));
        for (row, is_in) in asked {
            let judge = |here: &str| {
                let row = row.replace("{}", here);
                let (action, resource) = row.split_once(' ').unwrap();
                // What is said at once in the form, by another evaluator; it has no person and no prefix.
                let probe = Probe { action: action.to_owned(), resource: resource.to_owned() };
                if !policy.contains("${") && !policy.contains("s3:prefix") {
                    let verdict = sent.verdict(&scope, &probe, &place, Timestamp::from_secs(0));
                    let agreed =
                        if is_in && here == "eu-west-1:111122223333" { Verdict::Passes } else { verdict };
                    assert_eq!(verdict, agreed, "{preset}: {row}");
                }
                lets_pass(policy, action, resource, &KEYS).unwrap()
            };
            assert_eq!(judge("eu-west-1:111122223333"), is_in, "{preset}: {row}");
            if row.contains("{}") {
                assert!(!elsewhere.into_iter().any(judge), "{preset} in another place: {row}");
            }
        }
    }
}

#[test]
fn every_grant_of_every_preset_is_put_to_the_test() {
    let tested: BTreeSet<_> =
        ROWS.iter().flat_map(|row| row.grants.iter().map(|grant| (row.preset, *grant))).collect();
    let ours: BTreeSet<_> = OURS
        .iter()
        .flat_map(|preset| preset.grants.iter().map(|grant| (preset.id.as_str(), grant.id.as_str())))
        .collect();
    assert_eq!(tested, ours);
}
