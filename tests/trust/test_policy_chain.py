"""The policy's history: whoever can push to the branch must not be able to say who may do what."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import pytest
from registry_builder import NOW, REGISTRY, git_oid, key_of

from gitreg.core.names import Principal
from gitreg.core.policy_signatures import PolicySignature, format_signatures
from gitreg.core.policy_statement import POLICY_NAMESPACE, PolicyStatement
from gitreg.core.registry_id import RegistryId
from gitreg.trust.allowed_signers import format_line
from gitreg.trust.policy_chain import PolicyChain, follow
from gitreg.trust.policy_state import PolicyState
from gitreg.trust.sshsig import parse_signature, sign

OTHER = RegistryId("f" + REGISTRY[1:])
POLICY = """\
format = 1
epoch = {epoch}
branch = "main"
[roles]
admin = ["ada", "bea", "cleo"]
other = ["olaf"]
[admins]
from = ["admin"]
count = {count}
{rest}"""


def line(name: str, key: str = "", options: str = "") -> str:
    text = format_line([Principal(name)], key_of(key or name).public_key)
    return text.replace(" namespaces", f" {options},namespaces") if options else text


KEYS = "".join(line(name) for name in ("ada", "bea", "cleo", "olaf"))


def policy(epoch: int, count: int = 1, rest: str = "") -> bytes:
    return POLICY.format(epoch=epoch, count=count, rest=rest).encode()


def state(
    epoch: int = 1, count: int = 1, rest: str = "", signers: str = KEYS, revoked: bytes | None = None, at: int = NOW
) -> PolicyState:
    text = policy(epoch, count, rest)
    return PolicyState(git_oid("commit", text + signers.encode()), at, text, signers.encode(), revoked)


def signature(
    statement: PolicyStatement, name: str, key: str = "", namespace: str = POLICY_NAMESPACE
) -> PolicySignature:
    blob = parse_signature(sign(key_of(key or name), statement.canonical(), namespace)).blob
    return PolicySignature(Principal(name), base64.b64encode(blob).decode())


def signed(before: PolicyState, after: PolicyState, *names: str, registry: RegistryId = REGISTRY) -> PolicyState:
    """`after` with the signatures of these admins on the step from `before`."""
    statement = after.step_from(before, registry)
    return after._replace(signatures=format_signatures(statement, [signature(statement, name) for name in names]))


@dataclass
class Branch:
    """The protected branch, as somebody with push access fills it."""

    states: list[PolicyState] = field(default_factory=list)

    def push(self, new: PolicyState) -> PolicyState:
        self.states.append(new)
        return new

    @property
    def chain(self) -> PolicyChain:
        return follow(PolicyChain(), self.states, REGISTRY)

    def expect(self, *accepted: PolicyState) -> None:
        assert self.chain.accepted == accepted

    def expect_refused(self, new: PolicyState, reason: str) -> None:
        """`new` comes to the branch, and what was in force stays so."""
        before = self.chain.accepted
        self.push(new)
        chain = self.chain
        assert chain.accepted == before
        assert chain.standing is not None
        assert chain.standing.commit == new.commit
        assert reason in chain.standing.reason
        assert chain.standing == chain.refused[-1]


@pytest.fixture
def branch() -> Branch:
    return Branch([state()])


def test_an_admin_changes_the_policy(branch):
    """Nobody could ever change it."""
    root = branch.states[0]
    second = branch.push(signed(root, state(2, rest="# changed"), "ada"))
    third = branch.push(signed(second, state(3, signers=KEYS + line("dora")), "bea"))
    branch.expect(root, second, third)
    assert branch.chain.refused == ()


def test_an_unsigned_change_is_refused(branch):
    """Push access would be enough to make oneself an admin."""
    branch.expect_refused(state(2, rest="# mine"), "signatures of 1")


def test_one_who_is_no_admin_signs_for_nothing(branch):
    branch.expect_refused(signed(branch.states[0], state(2), "olaf"), "has 0")
    branch.expect_refused(signed(branch.states[0], state(2, rest="# eve"), "eve"), "has 0")


def test_an_admin_of_the_new_policy_does_not_count(branch):
    """Whoever changes the policy would appoint themselves as the one who may."""
    root = branch.states[0]
    new = PolicyState(
        git_oid("commit", b"new"), NOW, policy(2).replace(b'"ada"', b'"ada", "olaf"'), KEYS.encode(), None
    )
    branch.expect_refused(signed(root, new, "olaf"), "has 0")
    new_keys = state(2, signers=KEYS.replace(key_of("ada").public_key.line, key_of("eve").public_key.line))
    statement = new_keys.step_from(root, REGISTRY)
    by_eve = format_signatures(statement, [signature(statement, "ada", key="eve")])
    branch.expect_refused(new_keys._replace(signatures=by_eve), "has 0")


def test_one_person_is_not_two(branch):
    """A threshold of two would be one person with two keys, or one key under two names."""
    root = state(count=2, signers=KEYS + line("ada", "ada-laptop") + line("bea", "ada"))
    branch = Branch([root])
    new = state(2, count=2, signers=root.signers.decode())
    statement = new.step_from(root, REGISTRY)
    two_keys = [signature(statement, "ada"), signature(statement, "ada", key="ada-laptop")]
    branch.expect_refused(new._replace(signatures=format_signatures(statement, two_keys)), "of 2")
    two_names = [signature(statement, "ada"), signature(statement, "bea", key="ada")]
    branch.expect_refused(new._replace(signatures=format_signatures(statement, two_names)), "of 2")
    twice = [signature(statement, "ada")] * 2
    branch.expect_refused(new._replace(signatures=format_signatures(statement, twice)), "of 2")
    both = branch.push(signed(root, new, "ada", "cleo"))
    branch.expect(root, both)


def test_two_principals_of_one_person_are_not_two():
    """A threshold of two would be one person with two addresses."""
    people = '[people]\nada = ["ada", "bea"]\n'
    root = state(count=2, rest=people)
    branch = Branch([root])
    branch.expect_refused(signed(root, state(2, count=2, rest=people), "ada", "bea"), "has 1")


@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_the_epoch_is_the_next_one(branch, epoch):
    """An old policy could be brought back, or the next epochs be used up."""
    branch.expect_refused(signed(branch.states[0], state(epoch, rest="# x"), "ada"), f"epoch is {epoch}")


def test_signatures_over_another_step_do_not_count(branch):
    """Signatures would serve again: from another state, another registry, another text, another purpose."""
    root = branch.states[0]
    new = state(2, rest="# new")
    elsewhere = signed(state(1, rest="# never accepted"), new, "ada")
    branch.expect_refused(elsewhere, "has 0")
    branch.expect_refused(signed(root, new, "ada", registry=OTHER), "has 0")
    branch.expect_refused(new._replace(signatures=signed(root, state(2), "ada").signatures), "has 0")
    statement = new.step_from(root, REGISTRY)
    for_tags = [signature(statement, "ada", namespace="git")]
    branch.expect_refused(new._replace(signatures=format_signatures(statement, for_tags)), "has 0")
    branch.expect(root)


def test_the_statement_is_worked_out_not_read(branch):
    """A genuine signature over an honest text would cover whatever is committed beside it."""
    root = branch.states[0]
    honest, evil = state(2), state(2, rest="# evil")
    real = honest.step_from(root, REGISTRY)
    claimed = evil.step_from(root, REGISTRY)
    taken = format_signatures(claimed, [signature(real, "ada")])
    branch.expect_refused(evil._replace(signatures=taken), "has 0")


def test_weakened_and_restored_counts_for_nothing(branch):
    """Between two pushes, or within one, a weak policy would be in force."""
    root = branch.states[0]
    branch.expect_refused(state(1, rest="# weak"), "epoch")
    branch.push(root)
    branch.expect(root)
    assert branch.chain.standing is None
    assert [each.reason for each in branch.chain.refused]


def test_bringing_an_old_state_back_is_refused(branch):
    """Someone whose key or role ended could put back the files of better days."""
    root = branch.states[0]
    second = branch.push(signed(root, state(2, signers=KEYS.replace(line("cleo"), "")), "ada"))
    branch.expect_refused(root, "epoch is 1")
    branch.expect(root, second)


def test_keys_alone_are_a_change(branch):
    """A new line in allowed_signers, or an emptied revocation list, would need nobody's signature."""
    root = branch.push(signed(branch.states[0], state(2, revoked=b"# none\n"), "ada"))
    branch.expect_refused(root._replace(signers=(KEYS + line("eve")).encode()), "epoch")
    branch.expect_refused(root._replace(revoked=b""), "epoch")
    branch.expect_refused(root._replace(revoked=None), "epoch")
    signed_for_less = signed(root, state(3, revoked=b"# none\n"), "ada")
    branch.expect_refused(signed_for_less._replace(signers=(KEYS + line("eve")).encode()), "has 0")
    branch.expect_refused(signed_for_less._replace(revoked=None), "has 0")


def test_nobody_is_locked_out(branch):
    """One mistake, properly signed, would end all changes for ever."""
    root = branch.states[0]
    branch.expect_refused(signed(root, state(2, count=3, signers=line("ada") + line("bea")), "ada"), "change it again")
    for_tags_only = line("ada").replace(",gitreg-policy", "")
    branch.expect_refused(signed(root, state(2, signers=for_tags_only), "ada"), "change it again")
    nobody = PolicyState(root.commit, NOW, policy(2).split(b"[admins]")[0], KEYS.encode())
    branch.expect_refused(signed(root, nobody, "ada"), "change it again")
    one_key = "".join(line(name, "ada") for name in ("ada", "bea", "cleo"))
    branch.expect_refused(signed(root, state(2, count=2, signers=one_key), "ada"), "change it again")


def test_a_malformed_policy_is_refused(branch):
    """It would be in force, and allow nothing, or crash every reader."""
    root = branch.states[0]
    branch.expect_refused(root._replace(policy=b"\xff"), "UTF-8")
    branch.expect_refused(root._replace(policy=None), "no policy")
    unsigned = signed(root, state(2), "ada")
    branch.expect_refused(unsigned._replace(signatures=b"whatever"), "policy.signatures")


def test_a_proper_change_heals(branch):
    """One refused push would stop the registry for ever."""
    root = branch.states[0]
    branch.push(state(2, rest="# refused"))
    second = branch.push(signed(root, state(2), "ada"))
    branch.expect(root, second)
    assert branch.chain.standing is None


def test_signatures_may_come_later(branch):
    """Two admins could not sign in two commits."""
    root = branch.states[0]
    branch.push(state(2))
    second = branch.push(signed(root, state(2), "ada"))
    branch.expect(root, second)


def test_a_key_counts_at_the_time_of_the_commit():
    """A key that had ended could change the policy."""
    ended = line("ada", options='valid-before="20260101000000Z"')
    root = state(signers=ended + line("bea"))
    branch = Branch([root])
    branch.expect_refused(signed(root, state(2, signers=KEYS), "ada"), "has 0")
    earlier = branch.push(signed(root, state(2, signers=KEYS, at=1_700_000_000), "ada"))
    branch.expect(root, earlier)


def test_an_impossible_date_is_a_reason(branch):
    """A commit dated in the year 300,000 would crash every reader."""
    branch.expect_refused(signed(branch.states[0], state(2, at=10**13), "ada"), "impossible date")


def test_the_walk_goes_on_where_it_stopped(branch):
    """A clone that fetches day by day would decide otherwise than a fresh one."""
    root = branch.states[0]
    second = branch.push(signed(root, state(2), "ada"))
    branch.push(state(2, rest="# refused"))
    branch.push(signed(second, state(3, signers=KEYS + line("dora")), "cleo"))
    step_by_step = PolicyChain()
    for each in branch.states:
        step_by_step = follow(step_by_step, [each], REGISTRY)
    assert step_by_step == branch.chain
    assert len(step_by_step.accepted) == 3
