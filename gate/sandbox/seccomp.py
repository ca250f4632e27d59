"""The system calls a box may not make, as a classic BPF program for `bwrap --seccomp`.

A deny list beside the namespaces and the dropped capabilities, not instead of them: it closes what they leave open
(AF_VSOCK and AF_ALG sockets, io_uring, user namespaces within, terminal injection). It installs nothing itself.
"""

from __future__ import annotations

import errno
import platform
import struct

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000

# Offsets in struct seccomp_data; both machines are little-endian, so the low half of an argument comes first.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

_LAST_KNOWN = 466
"""removexattrat, Linux 6.13; later calls are unknown to this list and so do not exist in a box."""

_NAMESPACE_FLAGS = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_SOCKET_FAMILIES = (1, 2, 10)  # UNIX, INET, INET6
_NETLINK, _NETLINK_ROUTE = 16, 0
_TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX

# Numbers from 424 on are the same on every architecture. Source: arch/x86/entry/syscalls/syscall_64.tbl and
# include/uapi/asm-generic/unistd.h of Linux 6.18.
_DENIED_EVERYWHERE = {
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "quotactl_fd": 443,
}
_ABSENT_EVERYWHERE = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "clone3": 435,  # its flags are behind a pointer; libc falls back to clone
    "memfd_secret": 447,
}
_ABSENT = {
    # The machine has one number of asynchronous requests for everybody (fs.aio-max-nr), and it is small.
    "x86_64": {"io_setup": 206},
    "aarch64": {"io_setup": 0},
}
_DENIED = {
    "x86_64": {
        "ptrace": 101,
        "syslog": 103,
        "uselib": 134,
        "vhangup": 153,
        "modify_ldt": 154,
        "pivot_root": 155,
        "chroot": 161,
        "acct": 163,
        "settimeofday": 164,
        "mount": 165,
        "umount2": 166,
        "swapon": 167,
        "swapoff": 168,
        "reboot": 169,
        "sethostname": 170,
        "setdomainname": 171,
        "iopl": 172,
        "ioperm": 173,
        "init_module": 175,
        "delete_module": 176,
        "quotactl": 179,
        "nfsservctl": 180,
        "lookup_dcookie": 212,
        "clock_settime": 227,
        "kexec_load": 246,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "fanotify_init": 300,
        "name_to_handle_at": 303,
        "open_by_handle_at": 304,
        "clock_adjtime": 305,
        "setns": 308,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "kcmp": 312,
        "finit_module": 313,
        "kexec_file_load": 320,
        "bpf": 321,
        "userfaultfd": 323,
    },
    "aarch64": {
        "lookup_dcookie": 18,
        "umount2": 39,
        "mount": 40,
        "pivot_root": 41,
        "nfsservctl": 42,
        "chroot": 51,
        "vhangup": 58,
        "quotactl": 60,
        "acct": 89,
        "unshare": 97,
        "kexec_load": 104,
        "init_module": 105,
        "delete_module": 106,
        "clock_settime": 112,
        "syslog": 116,
        "ptrace": 117,
        "reboot": 142,
        "sethostname": 161,
        "setdomainname": 162,
        "settimeofday": 170,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "swapon": 224,
        "swapoff": 225,
        "perf_event_open": 241,
        "fanotify_init": 262,
        "name_to_handle_at": 264,
        "open_by_handle_at": 265,
        "clock_adjtime": 266,
        "setns": 268,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "kcmp": 272,
        "finit_module": 273,
        "bpf": 280,
        "userfaultfd": 282,
        "kexec_file_load": 294,
    },
}
_AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_SOCKETPAIR = {
    "x86_64": 53,
    "aarch64": 199,
}  # the kernel makes both sockets before it says that there are no pairs
_IOCTL = {"x86_64": 16, "aarch64": 29}
_SETRLIMIT = {"x86_64": 160, "aarch64": 164}
_PRLIMIT64 = {"x86_64": 302, "aarch64": 261}
_SETSOCKOPT = {"x86_64": 54, "aarch64": 208}
_RLIMIT_CORE = 4
_SOL_SOCKET, _SO_RCVBUF = 1, 8


def supported(machine: str = "") -> bool:
    """Whether the filter knows this machine's system calls."""
    return (machine or platform.machine()) in _DENIED


def program(machine: str = "") -> bytes:
    """The filter as an array of `struct sock_filter`.

    Raises: KeyError for a machine that is not `supported`.
    """
    machine = machine or platform.machine()
    instructions = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _AUDIT_ARCHITECTURE[machine]),
        _answer(_KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _LAST_KNOWN + 1),  # the x32 calls too, which start at 0x40000000
        _refuse(errno.ENOSYS),
    ]
    for number in sorted({**_DENIED[machine], **_DENIED_EVERYWHERE}.values()):
        instructions += [(_EQUAL, 0, 1, number), _refuse(errno.EPERM)]
    for number in sorted({**_ABSENT[machine], **_ABSENT_EVERYWHERE}.values()):
        instructions += [(_EQUAL, 0, 1, number), _refuse(errno.ENOSYS)]
    instructions += _when(_CLONE[machine], _namespace_rule())
    instructions += _when(_SOCKET[machine], _socket_rule())
    instructions += _when(_SOCKETPAIR[machine], _socket_rule())
    instructions += _when(_IOCTL[machine], _ioctl_rule())
    instructions += _when(_SETRLIMIT[machine], _core_rule(resource=0, new_limit=None))
    instructions += _when(_PRLIMIT64[machine], _core_rule(resource=1, new_limit=2))
    instructions += _when(_SETSOCKOPT[machine], _buffer_rule())
    instructions.append(_answer(_ALLOW))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in instructions)


def number_of(call: str) -> int:
    """The number of a refused system call on this machine's processor."""
    return _DENIED[platform.machine()][call]


Instruction = tuple[int, int, int, int]


def _when(number: int, rule: list[Instruction]) -> list[Instruction]:
    """The rule for one system call; it always answers, so that the number stays loaded for the others."""
    return [(_EQUAL, 0, len(rule), number), *rule]


def _namespace_rule() -> list[Instruction]:
    return [_load_argument(0), (_ANY_BIT, 0, 1, _NAMESPACE_FLAGS), _refuse(errno.EPERM), _answer(_ALLOW)]


def _socket_rule() -> list[Instruction]:
    rule = [_load_argument(0)]
    for family in _SOCKET_FAMILIES:
        rule += [(_EQUAL, 0, 1, family), _answer(_ALLOW)]
    rule += [(_EQUAL, 0, 3, _NETLINK), _load_argument(2), (_EQUAL, 0, 1, _NETLINK_ROUTE), _answer(_ALLOW)]
    rule.append(_refuse(errno.EAFNOSUPPORT))
    return rule


def _ioctl_rule() -> list[Instruction]:
    rule = [_load_argument(1)]
    for request in _TERMINAL_INJECTION:
        rule += [(_EQUAL, 0, 1, request), _refuse(errno.EPERM)]
    rule.append(_answer(_ALLOW))
    return rule


def _core_rule(*, resource: int, new_limit: int | None) -> list[Instruction]:
    """The limit of core files stays what `gate.sandbox.command` sets; who wants it lower is told that it is."""
    rule = [_load_argument(resource), (_EQUAL, 1, 0, _RLIMIT_CORE), _answer(_ALLOW)]
    if new_limit is not None:  # a pointer, which only those leave out who ask for the present limit
        low = _load_argument(new_limit)
        high = (low[0], 0, 0, low[3] + 4)
        rule += [low, (_EQUAL, 0, 3, 0), high, (_EQUAL, 0, 1, 0), _answer(_ALLOW)]
    return [*rule, _refuse(0)]


def _buffer_rule() -> list[Instruction]:
    """The receive buffer of a socket stays the kernel's default, see `gate.sandbox.network`; who asks is told it is done."""
    return [
        _load_argument(1),
        (_EQUAL, 0, 3, _SOL_SOCKET),
        _load_argument(2),
        (_EQUAL, 0, 1, _SO_RCVBUF),
        _refuse(0),
        _answer(_ALLOW),
    ]


def _load_argument(index: int) -> Instruction:
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * index)


def _answer(action: int) -> Instruction:
    return (_RETURN, 0, 0, action)


def _refuse(number: int) -> Instruction:
    return _answer(_ERRNO | number)
