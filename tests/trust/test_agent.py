"""A real ssh-agent signs for us, and one that is gone or unwilling is an error, not a hang or a crash."""

import socket
import subprocess
import threading
from pathlib import Path

import pytest

from gitreg.errors import SigningError
from gitreg.trust.agent import Agent, AgentSigner
from gitreg.trust.sshsig import sign


def test_every_kind_of_key_signs_through_the_agent(agent_environ, ssh_add, keys, public):
    agent = Agent.from_environ(agent_environ)
    assert agent is not None
    assert agent.list_keys() == ()
    for path in keys.values():
        ssh_add(path)
    assert set(agent.list_keys()) == set(public.values())
    for key in public.values():
        assert sign(AgentSigner(agent, key), b"message", "git")


def test_a_key_taken_out_of_the_agent_cannot_sign(agent_environ, ssh_add, keys, public):
    ssh_add(keys["ed25519"])
    agent = Agent.from_environ(agent_environ)
    assert agent is not None
    subprocess.run(["ssh-add", "-q", "-D"], env=agent_environ, check=True)
    with pytest.raises(SigningError, match="declined"):
        agent.sign(public["ed25519"], b"data")


def test_no_agent_is_none_and_a_dead_one_an_error(tmp_path):
    assert Agent.from_environ({}) is None
    assert Agent.from_environ({"SSH_AUTH_SOCK": ""}) is None
    with pytest.raises(SigningError, match="does not answer"):
        Agent(tmp_path / "absent").list_keys()
    with pytest.raises(SigningError, match="does not answer"):
        Agent(Path("/" + "x" * 300)).list_keys()


@pytest.mark.parametrize(
    "answer", [b"", b"\0\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\5\x0c\0\0\0\2", b"\0\0\0\1\x05"]
)
def test_an_agent_that_talks_nonsense_is_an_error(tmp_path, answer: bytes):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "agent"))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(SigningError):
            Agent(tmp_path / "agent").list_keys()
        thread.join()
