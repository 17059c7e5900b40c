// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Boots another arm64 kernel immediately: kexec-again IMAGE INITRD. It gets the command
 * line and the device tree of the running kernel, which must contain an initrd too. Uses
 * kexec_load(2), because Debian's 6.12 has no kexec_file_load(2); facts from the kernel's
 * Documentation/arch/arm64/booting.rst and linux/kexec.h. Not for run-all.sh.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Memory of QEMU's machine begins at 1 GiB. The kernel keeps source and destination of the copy from overlapping */
#define KERNEL_ADDR	0x48000000ul
#define KERNEL_ROOM	0x08000000ul
#define DTB_ADDR	(KERNEL_ADDR + KERNEL_ROOM)
#define ENTRY_ADDR	(DTB_ADDR + 0x200000)
#define INITRD_ADDR	(ENTRY_ADDR + 0x200000)

#define FDT_MAGIC	0xd00dfeed
#define FDT_BEGIN_NODE	1
#define FDT_END_NODE	2
#define FDT_PROP	3
#define FDT_NOP		4

struct blob {
	uint8_t *bytes;
	size_t size;
};

struct fdt {
	uint32_t magic, totalsize, off_struct, off_strings, off_reserve, version, last_compatible, boot_cpu, size_strings,
		 size_struct;
};

static __attribute__((noreturn)) void quit(const char *what)
{
	fprintf(stderr, "kexec-again: %s: %s\n", what, errno ? strerror(errno) : "not as expected");
	exit(1);
}

/* The size of a sysfs file is not always known */
static struct blob read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct blob b = { NULL, 0 };
	uint8_t *more;
	ssize_t n = 1;

	if (fd < 0)
		quit(path);
	while (n > 0) {
		more = realloc(b.bytes, b.size + (1 << 20));
		if (!more)
			quit(path);
		b.bytes = more;
		n = read(fd, b.bytes + b.size, 1 << 20);
		if (n < 0)
			quit(path);
		b.size += n;
	}
	close(fd);
	return b;
}

/* An address has one or two cells, as set by QEMU */
static void put_cells(uint8_t *at, uint32_t bytes, uint64_t value)
{
	while (bytes--) {
		at[bytes] = value;
		value >>= 8;
	}
}

/* Returns the number of properties found, of two */
static int set_initrd(struct blob *dtb, uint64_t start, uint64_t end)
{
	const struct fdt *fdt = (const void *)dtb->bytes;
	uint8_t *p = dtb->bytes + ntohl(fdt->off_struct), *last = p + ntohl(fdt->size_struct);
	const char *strings = (const char *)dtb->bytes + ntohl(fdt->off_strings);
	int found = 0;

	while (p < last) {
		uint32_t token = ntohl(*(uint32_t *)p);

		p += 4;
		if (token == FDT_BEGIN_NODE) {
			p += (strlen((char *)p) + 4) & ~3ul;
		} else if (token == FDT_PROP) {
			uint32_t bytes = ntohl(((uint32_t *)p)[0]);
			const char *name = strings + ntohl(((uint32_t *)p)[1]);

			p += 8;
			if (!strcmp(name, "linux,initrd-start") && ++found)
				put_cells(p, bytes, start);
			if (!strcmp(name, "linux,initrd-end") && ++found)
				put_cells(p, bytes, end);
			p += (bytes + 3) & ~3u;
		} else if (token != FDT_END_NODE && token != FDT_NOP) {
			break;
		}
	}
	return found;
}

/* The kernel expects the tree's address in x0, and 0 in the next three registers */
static const uint32_t entry_code[] = {
	0x580000c0,				/* ldr x0, .+24 */
	0xaa1f03e1, 0xaa1f03e2, 0xaa1f03e3,	/* mov x1..x3, xzr */
	0x58000084,				/* ldr x4, .+16 */
	0xd61f0080,				/* br x4 */
	(uint32_t)DTB_ADDR, 0, (uint32_t)KERNEL_ADDR, 0,
};

static size_t pages(size_t bytes)
{
	return (bytes + 0xffff) & ~0xffffull;
}

int main(int argc, char **argv)
{
	struct blob kernel, initrd, dtb;
	struct kexec_segment segments[4];

	if (argc != 3) {
		fprintf(stderr, "usage: kexec-again IMAGE INITRD\n");
		return 2;
	}
	kernel = read_file(argv[1]);
	initrd = read_file(argv[2]);
	dtb = read_file("/sys/firmware/fdt");
	errno = 0;
	/* "ARM\x64", and the memory that it needs */
	if (kernel.size < 64 || memcmp(kernel.bytes + 56, "ARM\x64", 4) || *(uint64_t *)(kernel.bytes + 16) > KERNEL_ROOM)
		quit(argv[1]);
	if (dtb.size < sizeof(struct fdt) || ntohl(*(uint32_t *)dtb.bytes) != FDT_MAGIC ||
	    set_initrd(&dtb, INITRD_ADDR, INITRD_ADDR + initrd.size) != 2)
		quit("/sys/firmware/fdt");
	segments[0] = (struct kexec_segment){ kernel.bytes, kernel.size, (void *)KERNEL_ADDR, pages(kernel.size) };
	segments[1] = (struct kexec_segment){ dtb.bytes, dtb.size, (void *)DTB_ADDR, pages(dtb.size) };
	segments[2] = (struct kexec_segment){ entry_code, sizeof(entry_code), (void *)ENTRY_ADDR, pages(1) };
	segments[3] = (struct kexec_segment){ initrd.bytes, initrd.size, (void *)INITRD_ADDR, pages(initrd.size) };
	if (syscall(SYS_kexec_load, ENTRY_ADDR, 4, segments, KEXEC_ARCH_AARCH64))
		quit("kexec_load");
	/* Processes are not notified: they run until the kernel has ended */
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	quit("reboot");
}
