// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copyright (C) the rknpu authors
 *
 * A QEMU plugin that counts the guest's instructions by address, between two marks that the guest
 * sets with instructions that do nothing, HINT #80 and HINT #81. At the end it writes "address
 * count" for each block of code to the file named by out=FILE.
 */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define HINT(n)		(0xd503201fu | (n) << 5)
#define MARK_BEGIN	HINT(80)
#define MARK_END	HINT(81)

/* A block of code; a block may be translated more than once, so an address can have several */
struct block {
	uint64_t address, insns, runs;
};

static GPtrArray *blocks;
static bool counting;
static char *path;

static void begin(unsigned int cpu, void *data)
{
	counting = true;
}

static void end(unsigned int cpu, void *data)
{
	counting = false;
}

static void run(unsigned int cpu, void *data)
{
	struct block *b = data;

	if (counting)
		b->runs++;
}

static uint32_t word_of(struct qemu_plugin_insn *insn)
{
	uint32_t word = 0;

#if QEMU_PLUGIN_VERSION >= 3
	qemu_plugin_insn_data(insn, &word, sizeof(word));
#else
	memcpy(&word, qemu_plugin_insn_data(insn), sizeof(word));
#endif
	return word;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *b = g_new0(struct block, 1);
	size_t i;

	b->address = qemu_plugin_tb_vaddr(tb);
	b->insns = qemu_plugin_tb_n_insns(tb);
	g_ptr_array_add(blocks, b);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, run, QEMU_PLUGIN_CB_NO_REGS, b);
	for (i = 0; i < b->insns; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t word = word_of(insn);

		if (word == MARK_BEGIN || word == MARK_END)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, word == MARK_BEGIN ? begin : end,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

static void finish(qemu_plugin_id_t id, void *data)
{
	FILE *f = fopen(path, "w");
	guint i;

	if (!f) {
		fprintf(stderr, "count: %s: %s\n", path, strerror(errno));
		return;
	}
	for (i = 0; i < blocks->len; i++) {
		const struct block *b = g_ptr_array_index(blocks, i);

		if (b->runs)
			fprintf(f, "%016" PRIx64 " %" PRIu64 "\n", b->address, b->insns * b->runs);
	}
	fclose(f);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "count: out=FILE is missing\n");
		return -1;
	}
	path = g_strdup(argv[0] + 4);
	blocks = g_ptr_array_new();
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
