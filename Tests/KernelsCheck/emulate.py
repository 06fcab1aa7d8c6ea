#!/usr/bin/env python3
"""Runs a static x86-64 Linux program on an emulated processor with AVX-512, VNNI and BF16: Bochs' own, from
the package bochscpu-python. QEMU has no AVX-512. scripts/check-kernels.sh --avx512 calls it.

    emulate.py PROGRAM [ARGUMENT...]

There is no system beneath: the program runs in ring 0 with memory mapped one to one, and this script answers
the few system calls that libc makes of a program which computes, prints and exits; every other one fails with
ENOSYS. The status is the program's, or 70 when it raised an exception of the processor.
"""

import ctypes
import os
import struct
import sys

# So that emulated-cpu.c finds what it calls.
sys.setdlopenflags(os.RTLD_NOW | os.RTLD_GLOBAL)
import bochscpu
import bochscpu.cpu
from bochscpu import memory

PAGE = 4096
TABLES = 0x1000  # page tables: two pages
GATE = 0x4000  # where `syscall` goes
STACK = 0x20000000  # its top; the heap and maps are above
HEAP, MAPS = 0x30000000, 0x40000000
ENOENT, ENOSYS = 2, 38


class Machine:
    def __init__(self, arguments):
        self.pages = {}  # host addresses by those of the machine
        self.status = None
        self.heap, self.maps = HEAP, MAPS
        with open(arguments[0], "rb") as file:
            entry, headers = self.load(file.read())
        # Four pages of 1 GiB, present, writable: addresses are physical ones.
        self.write(TABLES, struct.pack("<Q", TABLES + PAGE | 3))
        self.write(TABLES + PAGE, struct.pack("<4Q", *(gib << 30 | 0x83 for gib in range(4))))
        # clflush [rip]: Bochs tells us, and nothing else. jmp rcx: back, as sysret would leave ring 0.
        self.write(GATE, bytes.fromhex("0fae3d00000000 ffe1"))
        self.session = bochscpu.Session()
        self.session.missing_page_handler = self.provide
        state = bochscpu.State()
        bochscpu.cpu.set_long_mode(state)
        state.cr0 = 0x80050033  # paging, write protection, FPU with native errors
        state.cr3 = TABLES
        state.cr4 = 0x40620  # PAE, SSE and its exceptions, XSAVE
        state.xcr0 = 0xE7  # x87, SSE, AVX, AVX-512
        state.mxcsr, state.mxcsr_mask, state.fpcw, state.fptw = 0x1F80, 0xFFFF, 0x37F, 0xFFFF
        state.star, state.lstar, state.sfmask = 0x8 << 32, GATE, 0
        state.rflags, state.rip = 2, entry
        state.rsp = self.stack(arguments, entry, headers)
        for name in ["cs", "ss", "ds", "es", "fs", "gs"]:
            segment = bochscpu.Segment()
            segment.present, segment.base, segment.limit = True, 0, 0xFFFFFFFF
            segment.selector, segment.attr = (0x8, 0xA09B) if name == "cs" else (0x10, 0xC093)
            setattr(state, name, segment)
        self.session.cpu.state = state

    def provide(self, address):
        """A page of zeros where there was none."""
        address -= address % PAGE
        if address not in self.pages:
            self.pages[address] = memory.allocate_host_page()
            memory.page_insert(address, self.pages[address])

    def parts(self, address, size):
        """Where [address, address + size) lies in the host's memory, page by page."""
        while size > 0:
            offset = address % PAGE
            part = min(size, PAGE - offset)
            self.provide(address)
            yield self.pages[address - offset] + offset, part
            address, size = address + part, size - part

    def write(self, address, data):
        at = 0
        for host, size in self.parts(address, len(data)):
            ctypes.memmove(host, data[at:at + size], size)
            at += size

    def read(self, address, size):
        return b"".join(ctypes.string_at(*part) for part in self.parts(address, size))

    def load(self, program):
        """Maps a static executable; its entry, and the auxiliary vector's words about it."""
        kind, = struct.unpack_from("<H", program, 16)
        entry, offset = struct.unpack_from("<QQ", program, 24)
        size, count = struct.unpack_from("<HH", program, 54)
        if program[:5] != b"\x7fELF\x02" or kind != 2:
            sys.exit("emulate.py: not a static x86-64 executable; link it with -static -no-pie")
        headers = 0
        for i in range(count):
            kind, _, start, address, _, length, _, _ = struct.unpack_from(
                "<IIQQQQQQ", program, offset + i * size)
            if kind == 1:  # PT_LOAD
                self.write(address, program[start:start + length])
                if start <= offset < start + length:
                    headers = address + offset - start
        return entry, [3, headers, 4, size, 5, count, 9, entry]

    def stack(self, arguments, entry, headers):
        strings, at = [], STACK - PAGE
        for argument in arguments:
            strings.append(at)
            self.write(at, argument.encode() + b"\0")
            at += len(argument.encode()) + 1
        random = STACK - 64
        self.write(random, bytes(range(16)))
        words = [len(arguments), *strings, 0, 0, *headers, 6, PAGE, 23, 0, 25, random, 0, 0]
        top = (STACK - 2 * PAGE - 8 * len(words)) // 64 * 64
        self.write(top, struct.pack(f"<{len(words)}Q", *words))
        return top

    def run(self):
        hook = bochscpu.Hook()
        hook.clflush = lambda session, *_: self.system_call(session.cpu)
        hook.exception = lambda session, _, vector, error: self.fail(vector, error)
        self.session.run([hook])
        return 70 if self.status is None else self.status

    def fail(self, vector, error):
        cpu = self.session.cpu
        print(f"emulate.py: exception {vector} ({error:#x}) at {cpu.rip:#x}", file=sys.stderr)
        self.session.stop()

    def system_call(self, cpu):
        number, (a, b, c) = cpu.rax, (cpu.rdi, cpu.rsi, cpu.rdx)
        result = -ENOSYS
        if number == 1:  # write
            sys.stdout.buffer.write(self.read(b, c))
            sys.stdout.flush()
            result = c
        elif number == 9:  # mmap, of nothing but memory
            result = self.maps
            self.maps += (b + PAGE - 1) // PAGE * PAGE
        elif number == 12:  # brk
            self.heap = result = a if HEAP <= a < MAPS else self.heap
        elif number == 158 and a == 0x1002:  # arch_prctl(ARCH_SET_FS)
            segment = cpu.fs
            segment.base = b
            cpu.fs = segment
            result = 0
        elif number == 204:  # sched_getaffinity: one core
            self.write(c, struct.pack("<Q", 1))
            result = 8
        elif number in (10, 11, 24, 28):  # mprotect, munmap, sched_yield, madvise
            result = 0
        elif number == 257:  # openat
            result = -ENOENT
        elif number in (60, 231):  # exit, exit_group
            self.status = a & 0xFF
            self.session.stop()
        cpu.rax = result & 0xFFFFFFFFFFFFFFFF


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(Machine(sys.argv[1:]).run())
