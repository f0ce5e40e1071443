"""TorchScript: programs are never safe, what touches files is named, and no member of theirs goes unseen."""

import io
import pickle
import zipfile

import pytest


def script(code: str, **members: bytes) -> bytes:
    """An archive as `torch.jit.save` writes it, and other members in the same folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps({"a": 1}, 2))
        archive.writestr("model/code/__torch__.py", code)
        for name, data in members.items():
            archive.writestr(f"model/{name}", data)
    return buffer.getvalue()


HARMLESS = "class Net(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    return torch.add(x, x)\n"


def test_a_program_is_unknown_and_says_what_to_do(scanned):
    result = scanned(script(HARMLESS))
    assert (result.format, result.verdict) == ("torch", "unknown")
    (finding,) = result.findings
    assert (finding.rule, finding.where) == ("torchscript", "model/code/__torch__.py")
    assert "as safetensors" in finding.advice


@pytest.mark.parametrize(
    "call",
    [
        'torch.save(x, "/tmp/x")',
        'ops.aten.save(x, "/tmp/x")',
        'torch.from_file("/etc/passwd", False, 10)',
        'torch.ops.image.read_file("/etc/passwd")',
        'ops.image.write_file("/tmp/x", x)',
        'ops.torchaudio.sox_io_load_audio_file("/etc/passwd")',
    ],
)
def test_operations_that_touch_files_are_named_with_their_place(scanned, call):
    code = HARMLESS + f"    y = {call}\n"
    (finding,) = [each for each in scanned(script(code)).findings if each.rule == "torchscript-files"]
    assert finding.verdict == "unsafe"
    assert finding.where.startswith("model/code/__torch__.py at ")


def test_an_operation_behind_a_long_program_is_found(scanned):
    code = HARMLESS + "    # filler\n" * (1 << 20) + '    torch.from_file("/etc/passwd")\n'
    assert scanned(script(code)).verdict == "unsafe"


def test_operations_in_byte_code_are_named(scanned):
    byte_code = pickle.dumps((("forward", (("OP", 0), ("RET", 0)), ("operators", (("aten::save", ""),)))), 2)
    result = scanned(script(HARMLESS, **{"bytecode.pkl": byte_code}))
    assert "torchscript-files" in {finding.rule for finding in result.findings}


@pytest.mark.parametrize("name", ["code/x.pkl", "code/__torch__.py.debug_pkl", "constants.pkl", "extra/notes.txt"])
def test_a_pickle_among_the_program_is_a_pickle(scanned, payload, name):
    result = scanned(script(HARMLESS, **{name: pickle.dumps(payload)}))
    assert any(f"model/{name}" in finding.where and "posix.getcwd" in finding.detail for finding in result.findings)
