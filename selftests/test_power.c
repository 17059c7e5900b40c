// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Rate, voltage and power domains, on the twin's power island (island=on) or on a
 * board. Actions that hang a board are guest errors on the twin, so each case also
 * tests the order of operations.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/job.h"
#include "lib/testing.h"

#define MHZ		1000000ull
#define PARKED_MHZ	200
#define FOREVER		1000000
#define SLACK_MS	10000
/* RK3588's */
#define BOTH		(1u << TWIN_DOMAIN_NPU | 1u << TWIN_DOMAIN_NPUTOP)
#define ALL		(BOTH | 1u << TWIN_DOMAIN_NPU1 | 1u << TWIN_DOMAIN_NPU2)
/* Longer than the kernel waits before it disables unused supplies */
#define LATE_DISABLE_S	35

/**
 * struct point - a rate, the voltage that it takes on every part, and the read margin of that voltage
 */
struct point {
	uint32_t mhz;
	uint32_t uv;
	unsigned int margin;
};

/**
 * struct points - what a SoC runs at
 * @low, @some, @good, @full: from the lowest rate to the highest
 * @mem: the memories have a supply and read margins of their own
 */
static const struct points {
	const char *soc;
	struct point low, some, good, full;
	bool mem;
} points_of[] = {
	{ "rk3588", { 300, 700000, 3 }, { 600, 700000, 3 }, { 800, 750000, 3 }, { 1000, 850000, 2 }, true },
	{ "rk3576", { 300, 675000, 0 }, { 600, 725000, 0 }, { 800, 825000, 0 }, { 950, 950000, 0 }, false },
	{ "rk3568", { 297, 850000, 0 }, { 600, 850000, 0 }, { 700, 875000, 0 }, { 800, 925000, 0 }, false },
};

static const struct points *points;
static struct matmul mm;
static int npu = -1;

static void setup(void)
{
	twin_need();
	if (!twin_read(TWIN_ISLAND))
		SKIP("the twin has no power island");
	for (points = points_of; !strstr(soc_get()->compatible, points->soc); points++)
		ASSERT(points < points_of + ARRAY_SIZE(points_of) - 1);
	npu = npu_open();
	small_matmul(&mm, npu, 131);
}

static const char *scaling(const char *file)
{
	static char path[96];

	snprintf(path, sizeof(path), "/sys/class/devfreq/%s/%s", soc_get()->device[npu_nth_core(0)], file);
	return path;
}

static void set(const char *file, const char *value)
{
	EXPECT_RET(driver_write(scaling(file), value), 0);
}

static unsigned long long shown(const char *file)
{
	char text[32] = "";
	int fd = open(scaling(file), O_RDONLY | O_CLOEXEC);

	ASSERT(fd >= 0);
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return strtoull(text, NULL, 0);
}

static uint32_t answer(uint32_t action)
{
	uint32_t value = 0;

	EXPECT_RET(npu_action(npu, action, &value), 0);
	return value;
}

static bool domains_become(uint32_t want)
{
	uint64_t end = ktap_now_ns() + SLACK_MS * 1000000ull;

	while (twin_read(TWIN_DOMAINS) != want && ktap_now_ns() < end)
		ktap_sleep_ms(10);
	return EXPECT_EQ(twin_read(TWIN_DOMAINS), want);
}

/* Checks everything that depends on the rate, while a core is still on */
static void runs_at(uint32_t mhz, uint32_t uv, unsigned int margin)
{
	EXPECT_CORRECT(&mm, npu_nth(0));
	EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), mhz);
	EXPECT_EQ(twin_read(TWIN_NPU_UV), uv);
	if (points->mem) {
		EXPECT_EQ(twin_read(TWIN_MEM_UV), uv);
		EXPECT_EQ(twin_read(TWIN_MARGIN), margin);
	}
	EXPECT_EQ(answer(RKNPU_GET_FREQ), mhz * MHZ);
	EXPECT_EQ(answer(RKNPU_GET_VOLT), uv);
	EXPECT_EQ(shown("cur_freq"), mhz * MHZ);
}

static void runs_at_point(const struct point *point)
{
	runs_at(point->mhz, point->uv, point->margin);
}

/* @file: max_freq and so on */
static void set_mhz(const char *file, uint32_t mhz)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", mhz * MHZ);
	set(file, text);
}

TEST(full_rate_while_there_is_work)
{
	setup();
	runs_at_point(&points->full);
}

TEST(parked_and_off_without_work)
{
	setup();
	EXPECT_CORRECT(&mm, npu_nth(0));
	domains_become(0);
	EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), PARKED_MHZ);
	EXPECT_EQ(answer(RKNPU_GET_FREQ), PARKED_MHZ * MHZ);
	EXPECT_EQ(answer(RKNPU_GET_VOLT), points->full.uv);
	/* None of these woke it. */
	EXPECT_EQ(shown("cur_freq"), PARKED_MHZ * MHZ);
	EXPECT_EQ(twin_read(TWIN_DOMAINS), 0);
}

TEST(domains_go_off_one_by_one)
{
	static const uint32_t with_core[NPU_CORES] = {
		BOTH, BOTH | 1u << TWIN_DOMAIN_NPU1, BOTH | 1u << TWIN_DOMAIN_NPU2,
	};
	unsigned int core;

	setup();
	if (soc_get()->shares_iommu)
		SKIP("one device has all cores");
	for_each_core(core) {
		domains_become(0);
		EXPECT_CORRECT(&mm, 1u << core);
		EXPECT_EQ(twin_read(TWIN_DOMAINS), with_core[core]);
	}
	domains_become(0);
}

/* If the clock were parked while another core runs, its job would take five times as long */
TEST(clock_is_parked_by_the_last_core_only)
{
	int fence = -1;

	setup();
	if (soc_get()->shares_iommu)
		SKIP("one device has all cores");
	twin_hold(1, 1);
	ASSERT_RET(job_start(&mm, 1u << 1, -1, &fence), 0);
	struct matmul other;

	small_matmul(&other, npu_open(), 132);
	EXPECT_CORRECT(&other, 1u << 2);
	domains_become(BOTH | 1u << TWIN_DOMAIN_NPU1);
	EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), points->full.mhz);
	twin_release(1);
	EXPECT_EQ(fence_end(fence), 0);
	domains_become(0);
	EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), PARKED_MHZ);
}

/* The read margin is lost with the power, and must be set again before the rate */
TEST(comes_back_each_time)
{
	unsigned int i;

	setup();
	for (i = 0; i < 10; i++) {
		EXPECT_CORRECT(&mm, npu_nth(i));
		EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), points->full.mhz);
		domains_become(0);
	}
}

static void target_becomes(uint32_t mhz)
{
	unsigned int i;

	/* Some governors only act at their next interval */
	for (i = 0; i < SLACK_MS / 10 && shown("target_freq") != mhz * MHZ; i++)
		ktap_sleep_ms(10);
}

TEST(userspace_governor_is_obeyed_and_clamped)
{
	setup();
	if (driver_write(scaling("governor"), "userspace"))
		SKIP("the kernel has no such governor");
	/* As in common scripts, with any voltage and power state */
	set("userspace/set_freq", "1000000000");
	runs_at_point(&points->full);
	set_mhz("userspace/set_freq", points->low.mhz);
	runs_at_point(&points->low);
	domains_become(0);
	set_mhz("userspace/set_freq", points->good.mhz);
	runs_at_point(&points->good);
	set_mhz("userspace/set_freq", points->some.mhz);
	runs_at_point(&points->some);
	set("userspace/set_freq", "9000000000");
	runs_at_point(&points->full);
	set("userspace/set_freq", "1");
	runs_at_point(&points->low);
	set("governor", "simple_ondemand");
	target_becomes(points->full.mhz);
	runs_at_point(&points->full);
}

static void submits_all_the_time(void *arg)
{
	struct matmul own;
	unsigned int i;

	(void)arg;
	small_matmul(&own, npu_open(), 132);
	for (i = 0; i < 2000; i++)
		EXPECT_CORRECT(&own, npu_nth(i));
}

/* At any moment of a transition the voltage and the read margin are right for the rate */
TEST_LIMIT(jobs_start_while_the_rate_changes, 60)
{
	unsigned int i;
	pid_t child;

	setup();
	if (driver_write(scaling("governor"), "userspace"))
		SKIP("the kernel has no such governor");
	child = ktap_fork(submits_all_the_time, NULL);
	for (i = 0; i < 60; i++) {
		set_mhz("userspace/set_freq", i % 2 ? points->full.mhz : points->low.mhz);
		ktap_sleep_ms(1);
	}
	EXPECT_EQ(ktap_join(child), 0);
	set("governor", "simple_ondemand");
}

/* The lowest and the highest rate, within the limits; Debian's kernels lack two of these governors */
TEST_LIMIT(other_governors_are_obeyed, 60)
{
	static const struct { const char *name; bool low; } governors[] = {
		{ "powersave", true }, { "performance", false }, { "simple_ondemand", false },
	};
	const char *all = getenv("GOVERNORS");
	unsigned int i, tried = 0;

	setup();
	for (i = 0; i < ARRAY_SIZE(governors); i++) {
		const struct point *free = governors[i].low ? &points->low : &points->full;
		const struct point *limited = governors[i].low ? &points->some : &points->good;

		if (driver_write(scaling("governor"), governors[i].name)) {
			ktap_note("the kernel has no governor %s", governors[i].name);
			continue;
		}
		tried++;
		target_becomes(free->mhz);
		runs_at_point(free);
		set_mhz("min_freq", points->some.mhz);
		set_mhz("max_freq", points->good.mhz);
		target_becomes(limited->mhz);
		runs_at_point(limited);
		set_mhz("min_freq", points->low.mhz);
		set_mhz("max_freq", points->full.mhz);
		target_becomes(free->mhz);
		runs_at_point(free);
		domains_become(0);
		EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), PARKED_MHZ);
		runs_at_point(free);
	}
	EXPECT(all ? tried == ARRAY_SIZE(governors) : tried > 0);
}

TEST(limits_hold_while_jobs_run)
{
	int fence = -1;
	struct matmul other;

	setup();
	twin_hold(npu_nth_core(0), 1);
	ASSERT_RET(job_start(&mm, npu_nth(0), -1, &fence), 0);
	set_mhz("max_freq", points->some.mhz);
	EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), points->some.mhz);
	EXPECT_EQ(twin_read(TWIN_NPU_UV), points->some.uv);
	set_mhz("max_freq", points->full.mhz);
	EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), points->full.mhz);
	twin_release(npu_nth_core(0));
	EXPECT_EQ(fence_end(fence), 0);
	small_matmul(&other, npu_open(), 133);
	EXPECT_CORRECT(&other, npu_nth(1));
}

/* If the firmware refuses a rate, the board still computes, and logs one message */
TEST(refused_rate_costs_speed_and_one_message)
{
	int log = klog_open();
	char message[40];

	setup();
	snprintf(message, sizeof(message), "cannot run at %u MHz", points->full.mhz);
	domains_become(0);
	ASSERT(log >= 0);
	twin_write(TWIN_REFUSE_RATE, FOREVER);
	EXPECT_CORRECT(&mm, npu_nth(0));
	EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), PARKED_MHZ);
	domains_become(0);
	EXPECT_CORRECT(&mm, npu_nth(0));
	twin_write(TWIN_REFUSE_RATE, 0);
	EXPECT_EQ(klog_count(log, message, NULL, 0), 1);
	domains_become(0);
	runs_at_point(&points->full);
	close(log);
}

/* Switching off power at full rate hangs the machine, so power stays on until the clock can be parked */
TEST(refused_parking_keeps_the_power_on)
{
	setup();
	EXPECT_CORRECT(&mm, npu_nth(0));
	twin_write(TWIN_REFUSE_RATE, 2);
	domains_become(0);
	EXPECT_EQ(twin_read(TWIN_REFUSE_RATE), 0);
	EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), PARKED_MHZ);
	runs_at_point(&points->full);
}

TEST_LIMIT(refused_domain_costs_the_job_and_is_tried_again, 60)
{
	struct rknpu_submit args;
	int log = klog_open();

	setup();
	if (!driver_hears_of_refused_domains())
		SKIP("the kernel's driver of power domains drops the error");
	if (soc_get()->shares_iommu)
		SKIP("one device has all cores");
	domains_become(0);
	twin_write(TWIN_REFUSE_POWER, 1u << TWIN_DOMAIN_NPU1);
	args = matmul_args(&mm, 1u << 1);
	EXPECT(npu_submit(npu, &args) < 0);
	EXPECT_CORRECT(&mm, 1u << 0);
	EXPECT_EQ(twin_read(TWIN_DOMAINS) & 1u << TWIN_DOMAIN_NPU1, 0);
	twin_write(TWIN_REFUSE_POWER, 0);
	EXPECT_CORRECT(&mm, 1u << 1);
	domains_become(0);
	EXPECT_EQ(klog_count(log, "RKNPU", NULL, 0), 1);
	close(log);
}

/* At unbind nothing could park the clock later, so it is tried again at once */
TEST(refused_parking_does_not_leave_the_clock_up_when_unbound)
{
	const char *device = soc_get()->device[0];
	unsigned int refused;

	setup();
	for (refused = 1; refused <= 4; refused++) {
		EXPECT_CORRECT(&mm, npu_nth(0));
		matmul_fini(&mm);
		close(npu);
		twin_write(TWIN_REFUSE_RATE, refused);
		ASSERT_RET(driver_bind("unbind", device), 0);
		twin_write(TWIN_REFUSE_RATE, 0);
		EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), PARKED_MHZ);
		ASSERT_RET(driver_bind("bind", device), 0);
		npu = driver_open_soon();
		ASSERT(npu >= 0);
		small_matmul(&mm, npu, 136);
	}
}

/* Binding without power logs an error, and works as usual once there is power */
TEST_LIMIT(bound_without_power_and_with_it, 60)
{
	const char *device = soc_get()->device[1];
	int i;

	setup();
	if (!driver_hears_of_refused_domains())
		SKIP("the kernel's driver of power domains drops the error");
	if (soc_get()->shares_iommu)
		SKIP("one device has all cores");
	if (!(soc_get()->cores & 1u << 1))
		SKIP("the tree has no second core");
	for (i = 0; i < 2; i++) {
		ASSERT_RET(driver_bind("unbind", device), 0);
		domains_become(0);
		twin_write(TWIN_REFUSE_POWER, 1u << TWIN_DOMAIN_NPU1);
		EXPECT(driver_bind("bind", device) < 0);
		twin_write(TWIN_REFUSE_POWER, 0);
		EXPECT_RET(driver_bind("bind", device), 0);
		npu = driver_open_soon();
		ASSERT(npu >= 0);
		small_matmul(&mm, npu, 135);
		EXPECT_CORRECT(&mm, 1u << 1);
		EXPECT_CORRECT(&mm, 1u << 0);
		matmul_fini(&mm);
		close(npu);
	}
}

#define REFUSE_VOLTAGE	"/sys/module/rknpu_outage/parameters/refuse_voltage"

/* If the regulator does not respond, jobs continue at a rate for which its voltage is sufficient */
TEST(refused_voltage_costs_speed_and_one_message)
{
	int log = klog_open();

	setup();
	if (access(REFUSE_VOLTAGE, F_OK))
		SKIP("needs the module of outage/");
	set("max_freq", "600000000");
	runs_at(600, 700000, 3);
	domains_become(0);
	ASSERT_RET(driver_write(REFUSE_VOLTAGE, "1"), 0);
	set_mhz("max_freq", points->full.mhz);
	EXPECT_CORRECT(&mm, npu_nth(0));
	EXPECT(twin_read(TWIN_CLOCK_MHZ) <= 600);
	EXPECT_EQ(twin_read(TWIN_NPU_UV), 700000);
	domains_become(0);
	EXPECT_CORRECT(&mm, npu_nth(0));
	EXPECT_CORRECT(&mm, npu_nth(1));
	domains_become(0);
	ASSERT_RET(driver_write(REFUSE_VOLTAGE, "0"), 0);
	EXPECT_EQ(klog_count(log, "cannot run at 1000 MHz", NULL, 0), 1);
	runs_at_point(&points->full);
	close(log);
}

static uint64_t time_of_job(void)
{
	unsigned int core = npu_nth_core(0);

	EXPECT_CORRECT(&mm, npu_nth(0));
	return twin_stat64(core, TWIN_STAT_END_NS) - twin_stat64(core, TWIN_STAT_START_NS);
}

TEST(a_job_takes_as_long_as_its_rate_says)
{
	uint64_t fast, slow;

	setup();
	matmul_fini(&mm);
	ASSERT_RET(matmul_init(&mm, npu, MATMUL_INT8_INT32, 64, 512, 128, 0, MATMUL_EXACT, 134), 0);
	fast = time_of_job();
	domains_become(0);
	twin_write(TWIN_REFUSE_RATE, FOREVER);
	slow = time_of_job();
	twin_write(TWIN_REFUSE_RATE, 0);
	/* But for what does not go by the clock */
	if (!EXPECT(PARKED_MHZ * slow > 0.8 * points->full.mhz * fast && PARKED_MHZ * slow <= points->full.mhz * fast))
		ktap_note("%llu ns at %u MHz, %llu at %u", (unsigned long long)fast, points->full.mhz,
			  (unsigned long long)slow, PARKED_MHZ);
}

/* Changes the temperature in steps while jobs are running; returns true if the clock reached the expected state */
static bool becomes_at(int millidegrees, int step, bool (*there)(void))
{
	unsigned int i;

	for (i = 0; i < 100 && !there(); i++) {
		twin_write(TWIN_MILLIDEGREES, millidegrees);
		/* The kernel acts on a trend. */
		if (i < 20)
			millidegrees += step;
		EXPECT_CORRECT(&mm, npu_nth(0));
		ktap_sleep_ms(100);
	}
	EXPECT_CORRECT(&mm, npu_nth(0));
	return there();
}

static bool is_slow(void)
{
	return twin_read(TWIN_CLOCK_MHZ) == 300;
}

static bool is_fast(void)
{
	return twin_read(TWIN_CLOCK_MHZ) == 1000;
}

TEST_LIMIT(hot_is_slow_and_comes_back, 60)
{
	setup();
	if (access("/sys/class/thermal/thermal_zone0", F_OK))
		SKIP("no temperature sensor");
	ASSERT(becomes_at(40000, 0, is_fast));
	EXPECT(becomes_at(86000, 1000, is_slow));
	EXPECT(becomes_at(83000, -2000, is_fast));
}

/* The lowest voltages are not allowed when it is cold */
TEST(cold_wants_more_voltage)
{
	setup();
	if (access("/sys/class/thermal/thermal_zone0", F_OK))
		SKIP("no temperature sensor");
	domains_become(0);
	twin_write(TWIN_MILLIDEGREES, 5000);
	set("max_freq", "300000000");
	runs_at(300, 750000, 3);
	domains_become(0);
	twin_write(TWIN_MILLIDEGREES, 40000);
	set("max_freq", "400000000");
	runs_at(400, 700000, 3);
	set_mhz("max_freq", points->full.mhz);
	runs_at_point(&points->full);
}

/* Selected by a fuse: RK3588J and RK3588M need more voltage, and have lower maximum rates */
TEST(another_kind_of_part_has_its_own_rates)
{
	const char *kind = getenv("KIND");

	setup();
	if (!kind || !strcmp(kind, "unknown"))
		SKIP("an ordinary part");
	/* 950 MHz at 837.5 mV; the firmware has steps of 100 MHz, the supply steps of 1 mV */
	runs_at(900, 838000, 2);
	set("max_freq", "800000000");
	runs_at(800, 750000, 3);
	set("max_freq", "300000000");
	runs_at(300, 750000, 3);
	set("max_freq", "950000000");
	runs_at(900, 838000, 2);
}

/* The kind of part is not known then, so none is assumed, and the clock and the voltage stay as firmware left them */
TEST(unreadable_fuse_leaves_the_clock_alone)
{
	const char *kind = getenv("KIND");
	int log = klog_open();
	uint32_t uv;

	setup();
	if (!kind || strcmp(kind, "unknown"))
		SKIP("the kind of part is known");
	uv = twin_read(TWIN_NPU_UV);
	EXPECT_CORRECT(&mm, npu_nth(0));
	EXPECT_CORRECT(&mm, npu_nth(1));
	EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), PARKED_MHZ);
	EXPECT_EQ(twin_read(TWIN_NPU_UV), uv);
	EXPECT_EQ(answer(RKNPU_GET_FREQ), PARKED_MHZ * MHZ);
	EXPECT(access(scaling("cur_freq"), F_OK));
	domains_become(0);
	EXPECT_CORRECT(&mm, npu_nth(0));
	/* Said once, when it was bound */
	ASSERT(log >= 0 && !lseek(log, 0, SEEK_SET));
	EXPECT_EQ(klog_count(log, "the clock stays as it is", NULL, 0), 1);
	close(log);
}

static bool voltage_becomes(uint32_t uv)
{
	uint64_t end = ktap_now_ns() + SLACK_MS * 1000000ull;

	while (twin_read(TWIN_NPU_UV) != uv && ktap_now_ns() < end)
		ktap_sleep_ms(100);
	return EXPECT_EQ(twin_read(TWIN_NPU_UV), uv) && EXPECT_EQ(twin_read(TWIN_MEM_UV), uv);
}

static void stays_on(bool on)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/power/control", soc_get()->device[npu_nth_core(0)]);
	EXPECT_RET(driver_write(path, on ? "on" : "auto"), 0);
}

static void voltage_stays(uint32_t uv)
{
	unsigned int i;

	for (i = 0; i < 30 && EXPECT_EQ(twin_read(TWIN_NPU_UV), uv); i++)
		ktap_sleep_ms(100);
	EXPECT_CORRECT(&mm, npu_nth(0));
}

/* Same for a core that is on for a long time, at any initial rate */
TEST_LIMIT(it_gets_cold_while_it_is_on, 60)
{
	setup();
	if (access("/sys/class/thermal/thermal_zone0", F_OK))
		SKIP("no temperature sensor");
	twin_write(TWIN_MILLIDEGREES, 40000);
	stays_on(true);
	voltage_stays(850000);
	voltage_stays(850000);
	/* The last reading is old, so cold is assumed until the next one */
	twin_write(TWIN_MILLIDEGREES, 5000);
	set("max_freq", "300000000");
	EXPECT_EQ(twin_read(TWIN_CLOCK_MHZ), 300);
	voltage_stays(750000);
	/* Not warm enough yet */
	twin_write(TWIN_MILLIDEGREES, 14000);
	voltage_stays(750000);
	twin_write(TWIN_MILLIDEGREES, 17000);
	voltage_becomes(700000);
	voltage_stays(700000);
	twin_write(TWIN_MILLIDEGREES, 8000);
	voltage_becomes(750000);
	EXPECT_EQ(twin_read(TWIN_MARGIN), 3);
	voltage_stays(750000);
	/* Makes no difference at a rate that needs more voltage anyway */
	set_mhz("max_freq", points->full.mhz);
	runs_at_point(&points->full);
	twin_write(TWIN_MILLIDEGREES, 40000);
	stays_on(false);
	domains_become(0);
}

TEST_LIMIT(supplies_are_not_taken_away, 60)
{
	setup();
	if (!getenv("VIRTUAL_TIME"))
		SKIP("would take too long");
	sleep(LATE_DISABLE_S);
	EXPECT_EQ(twin_read(TWIN_NPU_UV), points->full.uv);
	runs_at_point(&points->full);
}
