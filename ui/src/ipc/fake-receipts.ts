// What the fake agent says of what is left at AWS, in words like the real ones.
import type { EndAtAws } from "./bindings/EndAtAws";
import type { EndedView } from "./bindings/EndedView";
import type { SessionView } from "./bindings/SessionView";
import type { Why } from "./bindings/Why";

export const CONSOLES = "Consoles open in a browser stay open until AWS ends them.";
const BEFORE = "2026-11-22T12:04:31Z";

const denies = (condition: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: ["*"], Resource: ["*"], Condition: condition }] }, null, 2);

export function endAtAws(session: SessionView | undefined): EndAtAws {
  const older = { DateLessThan: { "aws:TokenIssueTime": BEFORE } };
  const role = session?.path.at(-1)?.role;
  if (role === undefined) {
    return {
      what: `It refuses you everything, in all accounts where the policy holds, with what was issued before ${BEFORE}. It hits nobody else: the policy names one user. Roles of Identity Center cannot be edited in IAM, so no command does it.`,
      who: "An administrator of IAM Identity Center, or of the organisation's service control policies.",
      steps: [
        "In the IAM Identity Center console open Users, choose dana@example.com, note the user ID, and delete the active sessions: no sign-in from before gets new credentials.",
        `Put that user ID for USER-ID into the policy, and add it to the inline policy of the permission set ${session?.role ?? ""}, or to a service control policy that covers account ${session?.account ?? ""}.`,
        "After 12:40 take it away again: AWS no longer accepts what was issued.",
      ],
      policy: denies({ StringEquals: { "identitystore:userId": "USER-ID" }, ...older }),
      command: null,
    };
  }
  const [account, name] = [role.split(":")[4] ?? "", role.slice(role.lastIndexOf("/") + 1)];
  const policy = denies(older);
  return {
    what: `The role ${name} in ${account} refuses everything that was issued for it before ${BEFORE}: to you, and to every other person and program that took it before then. What is issued later works, also what Daypass has issued anew.`,
    who: `Whoever may call iam:PutRolePolicy on this role in account ${account}. It may take AWS some minutes.`,
    steps: [],
    policy,
    command: `aws iam put-role-policy --role-name '${name}' --policy-name AWSRevokeOlderSessions --policy-document '${JSON.stringify(JSON.parse(policy))}'`,
  };
}

export function receiptOf({ phase, expiration }: SessionView, why: Why): EndedView {
  const held = phase !== "requesting";
  return {
    at: Date.now(), why, wipedPages: held ? 3 : 0, awsAcceptsUntil: held ? expiration : null, clientsTold: held ? 1 : 0, keyIdEnd: held ? "7Q2X" : null,
  };
}
