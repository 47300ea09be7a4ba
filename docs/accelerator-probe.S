# The guest that tells whether an accelerator really runs guests.
#
# A boot sector. It goes the way an operating system goes (real mode, protected mode, long mode) and does on that way
# what has been seen to break where KVM is only half there: interrupts and their return in each mode, CMPXCHG16B, SSE,
# device memory, and a stretch of plain work that an emulated KVM does not finish in time.
# At the end it writes 0x31 to port 0xf4, where QEMU's isa-debug-exit listens: QEMU's exit status is then
# 0x31 << 1 | 1 = 99. Whatever goes wrong ends in a triple fault: no interrupt table has an entry more than needed.
#
#   as -o probe.o docs/accelerator-probe.S
#   ld -Ttext 0x7c00 --oformat binary -o probe.bin probe.o
#   od -An -v -tx1 -w16 probe.bin | sed 's/ \(..\)/0x\1, /g; s/ $//; s/^/        /'
#
# prints the bytes as they stand in Sources/Hypervisor/Accelerator/ProbeGuest.swift. By hand (the BIOS wants a bigger disk):
#
#   truncate -s 1M probe.bin
#   qemu-system-x86_64 -accel tcg -cpu max -machine pc -m 64 -nodefaults -no-user-config -display none -no-reboot \
#       -device isa-debug-exit,iobase=0xf4,iosize=4 -device virtio-blk-pci,drive=probe \
#       -drive file=probe.bin,format=raw,if=none,id=probe,readonly=on
#   echo $?

        .set    CODE32, 0x08
        .set    CODE64, 0x10
        .set    DATA, 0x18

        .set    PML4, 0x1000
        .set    PDPT, 0x2000
        .set    LOW, 0x3000             # maps the first gigabyte
        .set    HIGH, 0x4000            # maps the fourth, where the devices are
        .set    IDT, 0x5000

        .set    LOCAL_APIC, 0xfee00000
        .set    HPET, 0xfed00000

        .code16
        .globl  _start
_start:
        ljmp    $0, $real               # some firmware enters at 07c0:0000
real:
        cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $0x7c00, %esp

        # Interrupt and return in real mode, with a table of one entry.
        lidt    real_idt
        xorl    %ebp, %ebp
        int     $0
        cmpw    $1, %bp
        jne     fail

        lgdt    gdt_pointer
        movl    %cr0, %eax
        andb    $0xfb, %al              # no EM: SSE is to work
        orb     $0x03, %al              # MP, PE
        movl    %eax, %cr0
        ljmp    $CODE32, $protected

real_handler:
        incw    %bp
        iretw

        .code32
protected:
        lidt    no_idt
        movw    $DATA, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss

        # Return from an interrupt in protected mode.
        pushfl
        pushl   $CODE32
        pushl   $returned32
        iretl
returned32:

        # Page tables: 2 MB pages, each address mapped to itself.
        movl    $PML4, %edi
        movl    %edi, %cr3
        xorl    %eax, %eax
        movl    $0x5000 / 4, %ecx       # four tables and the IDT
        rep stosl
        movl    $PDPT + 0x03, PML4
        movl    $LOW + 0x03, PDPT
        movl    $HIGH + 0x03, PDPT + 3 * 8
        movw    $LOW, %di
        movl    $0x83, %eax             # large, writable, present
        movl    $512, %ecx
map:    movl    %eax, (%edi)
        leal    0xc0000018(%eax), %edx  # and uncached
        movl    %edx, HIGH - LOW(%edi)
        addl    $0x200000, %eax
        addl    $8, %edi
        loop    map

        movl    $0x620, %eax            # PAE, OSFXSR, OSXMMEXCPT
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx       # EFER
        rdmsr
        btsl    $8, %eax                # LME
        wrmsr
        movl    %cr0, %eax
        btsl    $31, %eax               # PG
        movl    %eax, %cr0
        ljmp    $CODE64, $long
        .code64
long:
        # Far return, then the return of an interrupt, then a real interrupt and its return.
        pushq   $CODE64
        pushq   $returned_far
        lretq
returned_far:
        movq    %rsp, %rax
        pushq   $DATA
        pushq   %rax
        pushfq
        pushq   $CODE64
        pushq   $returned64
        iretq

fail:   # The same bytes in every mode: an exception with no table for it.
        ud2

returned64:
        movl    $IDT, %edi
        movl    $CODE64 << 16 | (long_handler - _start + 0x7c00), 3 * 16(%rdi)
        movl    $0x8e00, 3 * 16 + 4(%rdi)
        lidt    long_idt(%rip)
        int3
        cmpl    $2, %ebp
        jne     fail
        lidt    no_idt(%rip)

        xorl    %eax, %eax
        cpuid
        rdtsc
        movl    %eax, %ebp

        # CMPXCHG16B: 16 bytes of zero become 1, 2.
        movl    $0x100000, %esi
        xorl    %eax, %eax
        movq    %rax, (%rsi)
        movq    %rax, 8(%rsi)
        xorl    %edx, %edx
        leal    1(%rax), %ebx
        leal    2(%rax), %ecx
        lock cmpxchg16b (%rsi)
        jne     fail

        # SSE: (1, 2) + (1, 2) = (2, 4).
        movdqa  (%rsi), %xmm0
        paddq   %xmm0, %xmm0
        movdqu  %xmm0, 24(%rsi)
        cmpq    $4, 32(%rsi)
        jne     fail

        # Device memory: one device that KVM has in the kernel, one that QEMU has.
        movl    $LOCAL_APIC, %edi
        movl    $0x20, 0x80(%rdi)       # task priority
        cmpl    $0x20, 0x80(%rdi)
        jne     fail
        movl    $HPET, %edi
        movq    (%rdi), %rax
        movl    4(%rdi), %eax

        # A write to each page of 24 MB, and some ten million instructions.
        movl    $24 << 8, %ecx
touch:  addq    $0x1000, %rsi
        movq    %rsi, (%rsi)
        loop    touch
        movl    $5000000, %ecx
work:   addq    %rcx, %rax
        loop    work

        rdtsc
        cmpl    %eax, %ebp              # the clock goes on
        je      end
        movb    $0x31, %al
        outb    %al, $0xf4
end:    ud2

long_handler:
        incl    %ebp
        iretq

        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff      # code, 32 bits
        .quad   0x00af9b000000ffff      # code, 64 bits
        .quad   0x00cf93000000ffff      # data
gdt_pointer:
        .word   . - gdt - 1
        .long   gdt
real_idt:
        .word   3
        .long   real_vectors
real_vectors:
        .word   real_handler, 0
long_idt:
        .word   4 * 16 - 1
        .quad   IDT
no_idt: .word   0
        .quad   0

        .org    510
        .word   0xaa55
