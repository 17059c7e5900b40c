// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: accounting of guest errors.
 */
#include <string.h>

#include "machine.h"

#define LINES_PRINTED	200u

static void provoke(struct machine *m, unsigned int count)
{
	while (count--)
		rd(m, 1, 0x2000);
}

static void test_accounting(const void *arg)
{
	struct machine *m = machine_create(NULL, false);
	char line[80];

	(void)arg;
	provoke(m, 3);
	CHECK(!strcmp(m->log_last, "twin: guest-error: UNDECODED read (core 1, addr 0x2000)"));
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 3);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_UNACKED), 3);
	ctl_wr(m, TWIN_ERROR_ACK, 2);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_UNACKED), 1);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 3);
	twin_summary(m->twin, line, sizeof(line));
	CHECK(!strcmp(line, "twin: 3 guest errors, 1 unacknowledged"));
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static void test_no_credit(const void *arg)
{
	struct machine *m = machine_create(NULL, false);

	(void)arg;
	provoke(m, 1);
	ctl_wr(m, TWIN_ERROR_ACK, 100);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_UNACKED), 0);
	provoke(m, 1);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_UNACKED), 1);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static void test_text_is_cut_off(const void *arg)
{
	struct machine *m = machine_create(NULL, false);

	(void)arg;
	provoke(m, LINES_PRINTED + 300);
	/* Plus one line saying that no more are printed */
	CHECK_EQ(m->log_lines, LINES_PRINTED + 1);
	CHECK(!strstr(m->log_last, "guest-error:"));
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), LINES_PRINTED + 300);
	ctl_wr(m, TWIN_ERROR_ACK, LINES_PRINTED + 300);
	machine_destroy(m);
}

static void test_ctl_reads_back(const void *arg)
{
	static const uint32_t offsets[] = { TWIN_FAULT_CORE, TWIN_FAULT_KIND, TWIN_FAULT_PARAM };
	struct machine *m = machine_create(NULL, false);
	unsigned int i;

	(void)arg;
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		ctl_wr(m, offsets[i], i + 1);
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		CHECK_EQ(ctl_rd(m, offsets[i]), i + 1);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_ACK), 0);
	CHECK_EQ(ctl_rd(m, TWIN_SPURIOUS), 0);
	machine_destroy(m);
}

static void test_bad_control_accesses(const void *arg)
{
	struct machine *m = machine_create(NULL, false);

	(void)arg;
	ctl_rd(m, 0x0fc);
	ctl_rd(m, TWIN_CORE_STAT(3));
	ctl_rd(m, TWIN_CORE_STAT(0) + 0x40);
	ctl_wr(m, TWIN_ID, 0);
	twin_reset_read(m->twin, 4, 4);
	twin_reset_write(m->twin, 4, 0, 4);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 6);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_UNDECODED);
	ctl_wr(m, TWIN_ERROR_ACK, 6);
	machine_destroy(m);
}

const struct test_case error_tests[] = {
	{ "guest errors: counted, named, acknowledged", test_accounting, 0 },
	{ "guest errors: no acknowledgment in advance", test_no_credit, 0 },
	{ "guest errors: text is cut off, counting is not", test_text_is_cut_off, 0 },
	{ "control page: reads back what selects a fault", test_ctl_reads_back, 0 },
	{ "guest errors: registers that the control page lacks", test_bad_control_accesses, 0 },
	{ 0 },
};
