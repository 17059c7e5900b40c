// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Measurements of rate and power, one `name value unit` per line. Needs the twin with
 * a power island, and instructions that drive the clock.
 */
#define _GNU_SOURCE
#include <time.h>

#include "bench.h"
#include "bench_twin.h"
#include "driver.h"

#define FOREVER		1000000
#define FRAMES		30
#define FRAME_NS	(1000000000ull / FRAMES)
#define SCALING		"/sys/class/devfreq/fdab0000.npu/"

static volatile uint32_t *twin;

static void open_twin(void)
{
	twin = bench_twin();
	if (!twin[TWIN_ISLAND / 4])
		fail("power island of the hardware twin", ENODEV);
}

static uint32_t twin_read(uint32_t reg)
{
	return twin[reg / 4];
}

static uint64_t twin_read64(uint32_t reg)
{
	uint64_t low = twin[reg / 4];

	return low | (uint64_t)twin[reg / 4 + 1] << 32;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void wait_until_off(void)
{
	while (twin_read(TWIN_DOMAINS))
		usleep(1000);
}

static void run(struct matmul *mm)
{
	struct rknpu_submit args = matmul_args(mm, 1);
	int ret = npu_submit(mm->out.fd, &args);

	if (ret)
		fail("submit", -ret);
}

static double time_of_us(struct matmul *mm)
{
	uint64_t start = now_ns();

	run(mm);
	return (now_ns() - start) / 1e3;
}

/* One second of camera frames. The energy of a computation grows with its cycles and the square of the voltage. */
static void camera(struct matmul *mm, const char *policy, unsigned int mhz)
{
	uint64_t start, on, busy, busy_before = twin_read64(TWIN_CORE_STAT(0) + TWIN_STAT_BUSY_NS);
	double volts, cycles;
	unsigned int i;

	wait_until_off();
	on = twin_read64(TWIN_ON_NS);
	start = now_ns();
	for (i = 1; i <= FRAMES; i++) {
		run(mm);
		sleep_until(start + i * FRAME_NS);
	}
	busy = twin_read64(TWIN_CORE_STAT(0) + TWIN_STAT_BUSY_NS) - busy_before;
	volts = twin_read(TWIN_NPU_UV) / 1e6;
	cycles = busy * 1e-3 * mhz;
	wait_until_off();
	printf("camera_%s_busy_ms %.1f ms\n", policy, busy / 1e6);
	printf("camera_%s_on_ms %.1f ms\n", policy, (twin_read64(TWIN_ON_NS) - on) / 1e6);
	printf("camera_%s_energy %.2f MV2\n", policy, volts * volts * cycles / 1e6);
}

static void set(const char *file, const char *value)
{
	if (driver_write(file, value))
		fail(file, EINVAL);
}

int main(void)
{
	int fd = open_npu();
	struct matmul small, large;
	uint64_t start;

	open_twin();
	make(&small, fd, 8, 64, 32);
	make(&large, fd, 512, 512, 512);
	wait_until_off();
	printf("wake_to_first_result_us %.0f us\n", time_of_us(&small));
	start = now_ns();
	wait_until_off();
	printf("idle_to_off_ms %.0f ms\n", (now_ns() - start) / 1e6);
	run(&small);
	printf("matmul_512_at_max_us %.0f us\n", time_of_us(&large));
	wait_until_off();
	twin[TWIN_REFUSE_RATE / 4] = FOREVER;
	run(&small);
	printf("matmul_512_at_200mhz_us %.0f us\n", time_of_us(&large));
	twin[TWIN_REFUSE_RATE / 4] = 0;
	camera(&large, "full_speed", 1000);
	set(SCALING "governor", "userspace");
	set(SCALING "userspace/set_freq", "300000000");
	camera(&large, "at_300mhz", 300);
	set("/sys/bus/platform/devices/fdab0000.npu/power/autosuspend_delay_ms", "0");
	camera(&large, "at_300mhz_off_at_once", 300);
	set(SCALING "userspace/set_freq", "1000000000");
	camera(&large, "full_speed_off_at_once", 1000);
	set("/sys/bus/platform/devices/fdab0000.npu/power/autosuspend_delay_ms", "100");
	set(SCALING "governor", "simple_ondemand");
	return 0;
}
