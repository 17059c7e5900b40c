// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The longest time with interrupts off while hostile clients use the NPU. Needs the twin,
 * and a virtual machine with one processor in which instructions drive the clock.
 *
 * rknpu-bench-irqs timer	one `name value unit` per line; needs latency/rknpu_latency.ko
 * rknpu-bench-irqs traced [COMMAND...]
 *				the driver's and the kernel's, as tests in KTAP, also while the
 *				command runs; needs irqsoff/rknpu_irqsoff.ko and a kernel with
 *				the irqsoff tracer
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "bench.h"
#include "bench_clients.h"
#include "bench_twin.h"

#define LATENCY		"/sys/module/rknpu_latency/parameters/"
#define TRACING		"/sys/kernel/tracing/"
#define PLACES		"/sys/kernel/debug/rknpu_irqsoff"
#define IRQS_OFF_US	100
#define DEEP		8192
#define CROWD		1000
#define STALL_LIMIT	"/sys/module/rknpu/parameters/stall_limit_ms"

static volatile uint32_t *twin;

/* Delays the end of the next @runs of a core by @us each */
static void hold_core(unsigned int core, uint32_t us, uint32_t runs)
{
	twin[TWIN_FAULT_CORE / 4] = core;
	twin[TWIN_FAULT_KIND / 4] = TWIN_FAULT_LATE;
	twin[TWIN_FAULT_PARAM / 4] = us;
	twin[TWIN_FAULT_COUNT / 4] = runs;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path, errno);
	close(fd);
}

static unsigned long get(const char *path)
{
	unsigned long value;
	FILE *f = fopen(path, "re");

	if (!f || fscanf(f, "%lu", &value) != 1)
		fail(path, errno);
	fclose(f);
	return value;
}

static void max_print(const char *name, const char *which)
{
	printf("%s %lu us\n", name, (get(which) + 999) / 1000);
}

static void max_start(void)
{
	put(LATENCY "max_ns", "0");
	put(LATENCY "pages_max_ns", "0");
}

/* As many jobs as a client may have, half of them waiting for a fence, half for a core */
static void floods(unsigned int how)
{
	int first, i, fd = open_npu();
	struct matmul mm;

	make(&mm, fd, 1, 32, 32);
	hold_core(0, 3000000, 1);
	start(&mm, 1, -1, &first);
	for (i = 0; i < DEEP - 2; i++)
		start(&mm, 1, i % 2 ? first : -1, NULL);
	if (how == 0)
		/* Wait until all have run: the next to last waits for the fence and for its turn */
		for (i = 0; i < 4000; i++)
			sleep_ms(10);
	else if (how == 1)
		close(fd);
	else if (how == 2)
		npu_action(fd, RKNPU_ACT_RESET, &(uint32_t){ 0 });
	else
		raise(SIGKILL);
}

static void friendly(void)
{
	struct matmul mm;
	unsigned int i;

	make(&mm, open_npu(), 1, 32, 32);
	for (i = 0; i < 200; i++)
		matmul_run(&mm, 1, NULL);
}

static void friends(unsigned int unused)
{
	(void)unused;
	friendly();
}

static void flooded(void)
{
	unsigned int how, i;
	pid_t pid;
	int fd;

	for (how = 0; how < 4; how++) {
		pid = spawn(floods, how);
		/* In the meantime other clients open the device, compute on other cores, and exit */
		for (i = 0; i < 60; i++) {
			struct matmul own;

			fd = open_npu();
			make(&own, fd, 1, 32, 32);
			matmul_run(&own, 2, NULL);
			matmul_fini(&own);
			close(fd);
			sleep_ms(100);
		}
		end(pid);
	}
}

static void crowd_waits(unsigned int cores)
{
	struct matmul mm;

	make(&mm, open_npu(), 1, 32, 32);
	start(&mm, cores, -1, NULL);
	/* The parent waits for this */
	raise(SIGSTOP);
}

/* Starts as many clients as there can be in @crowd, each after the one before has stopped */
static void crowd_begin(pid_t *crowd, void (*client)(unsigned int), unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < CROWD; i++) {
		crowd[i] = spawn(client, seed);
		waitpid(crowd[i], NULL, WUNTRACED);
	}
}

static void crowd_end(const pid_t *crowd)
{
	unsigned int i;

	for (i = 0; i < CROWD; i++)
		end(crowd[i]);
}

/* Many clients wait for one core while two others take turns on another core */
static void crowded(void)
{
	pid_t crowd[CROWD], friend;

	put(STALL_LIMIT, "0");
	/* Less than the time-out, while the clients start */
	hold_core(1, 5000000, CROWD);
	crowd_begin(crowd, crowd_waits, 2);
	friend = spawn(friends, 0);
	friends(0);
	waitpid(friend, NULL, 0);
	crowd_end(crowd);
	hold_core(1, 0, 0);
	put(STALL_LIMIT, "300");
}

static void crowd_stops(unsigned int unused)
{
	(void)unused;
	raise(SIGSTOP);
}

/* What programs without an NPU do: many processes, and much memory that comes and goes at once */
static void memory_goes(unsigned int seed)
{
	const struct rlimit files = { 2 * DEEP + 64, 2 * DEEP + 64 };
	const size_t size = 64 << 20;
	int i, ends[2];
	pid_t crowd[CROWD];
	char *map;

	(void)seed;
	crowd_begin(crowd, crowd_stops, 0);
	crowd_end(crowd);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		fail("mmap", errno);
	/* A kernel without huge pages refuses that */
	madvise(map, size, MADV_NOHUGEPAGE);
	if (madvise(map, size, MADV_POPULATE_WRITE))
		fail("madvise", errno);
	munmap(map, size);
	if (setrlimit(RLIMIT_NOFILE, &files))
		fail("setrlimit", errno);
	for (i = 0; i < DEEP; i++) {
		if (pipe(ends))
			fail("pipe", errno);
	}
	/* The process exits and all are closed */
}

static int timer(void)
{
	twin = bench_twin();
	max_start();
	waitpid(spawn(memory_goes, 0), NULL, 0);
	max_print("irqs_off_pages_floor_us", LATENCY "pages_max_ns");
	max_start();
	friendly();
	max_print("irqs_off_friendly_max_us", LATENCY "max_ns");
	max_start();
	flooded();
	crowded();
	max_print("irqs_off_max_us", LATENCY "max_ns");
	max_print("irqs_off_pages_us", LATENCY "pages_max_ns");
	return 0;
}

/* Where interrupts were off for long, from rknpu_irqsoff.ko: the place is the first word */
struct places {
	unsigned long driver_us, kernel_us;	/* the longest */
	char driver[1024], kernel[1024];		/* where, and its callers */
	unsigned int num_long;			/* in the kernel, for IRQS_OFF_US and more */
	char longs[8][64];
};

static void places_start(void)
{
	put(PLACES, "0");
	put(TRACING "tracing_max_latency", "0");
}

static void places_read(struct places *p)
{
	char line[1024], name[64], module[64];
	FILE *f = fopen(PLACES, "re");
	unsigned long ns, us;
	int where;

	memset(p, 0, sizeof(*p));
	while (f && fgets(line, sizeof(line), f)) {
		*module = 0;
		if (sscanf(line, "%lu %n%63s %63s", &ns, &where, name, module) < 2)
			fail(PLACES, EPROTO);
		us = (ns + 999) / 1000;
		if (!strcmp(module, "[rknpu]")) {
			if (us > p->driver_us)
				strcpy(p->driver, line + where);
			p->driver_us = us > p->driver_us ? us : p->driver_us;
			continue;
		}
		if (us > p->kernel_us)
			strcpy(p->kernel, line + where);
		p->kernel_us = us > p->kernel_us ? us : p->kernel_us;
		if (us >= IRQS_OFF_US && p->num_long < 8)
			strcpy(p->longs[p->num_long++], name);
	}
	if (!f || ferror(f))
		fail(PLACES, errno);
	fclose(f);
}

/*
 * The IOMMU's driver allocates page tables under a lock that keeps interrupts off [kernel 6.12, rk_dte_get_page_table()], so
 * what the page allocator does meanwhile counts for this place, but not each time.
 */
static const char allocates_inside[] = "rk_iommu_map";

/* Whether all places with long times in @p are among those in @floor */
static bool places_among(const struct places *p, const struct places *floor)
{
	unsigned int i, k;

	for (i = 0; i < p->num_long; i++) {
		if (!strcmp(p->longs[i], allocates_inside))
			continue;
		for (k = 0; k < floor->num_long && strcmp(p->longs[i], floor->longs[k]); k++)
			;
		if (k == floor->num_long)
			return false;
	}
	return p->num_long < 8;
}

static void places_print(const struct places *p, const char *what)
{
	unsigned int i;

	printf("# %s: %u us and more in the kernel at", what, IRQS_OFF_US);
	for (i = 0; i < p->num_long; i++)
		printf(" %s", p->longs[i]);
	printf("\n");
}

/* Runs @command; its output goes to @output */
static void run(char **command, int output)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		fail("fork", errno);
	if (!pid) {
		dup2(output, STDOUT_FILENO);
		execv(command[0], command);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		fail(command[0], ECHILD);
}

static void print_file(int fd)
{
	FILE *f = fdopen(fd, "r");
	char line[256];

	if (!f)
		fail("fdopen", errno);
	rewind(f);
	while (fgets(line, sizeof(line), f))
		printf("# %s", line);
	fclose(f);
}

static int test(unsigned int number, bool ok, const char *name)
{
	printf("%s %u - %s\n", ok ? "ok" : "not ok", number, name);
	return !ok;
}

/*
 * The page allocator moves up to 2000 pages with interrupts off, for whoever allocates or frees many. What it does without
 * the NPU is measured first, in the same way.
 */
static int traced(char **command)
{
	int ret, said = memfd_create("said", MFD_CLOEXEC);
	struct places floor, p;
	unsigned long us;

	printf("TAP version 13\n1..3\n");
	fflush(stdout);
	/* The interrupts of the console would be measured, so nothing is printed meanwhile */
	sleep_ms(1000);
	twin = bench_twin();
	put(TRACING "current_tracer", "irqsoff");
	put(TRACING "tracing_on", "1");
	places_start();
	waitpid(spawn(memory_goes, 0), NULL, 0);
	places_read(&floor);
	places_start();
	friendly();
	flooded();
	crowded();
	if (*command)
		run(command, said);
	us = get(TRACING "tracing_max_latency");
	places_read(&p);
	put(TRACING "current_tracer", "nop");
	print_file(said);
	printf("# irqs_off_traced_floor_us %lu us: %s", floor.kernel_us, floor.kernel);
	printf("# irqs_off_traced_kernel_us %lu us: %s", p.kernel_us, p.kernel);
	printf("# irqs_off_traced_driver_us %lu us: %s", p.driver_us, p.driver);
	places_print(&floor, "without the NPU");
	places_print(&p, "with it");
	printf("# the tracer has %lu us\n", us);
	ret = test(1, p.driver_us && p.driver_us < IRQS_OFF_US, "the driver keeps interrupts off for less than 100 us");
	ret |= test(2, floor.num_long && places_among(&p, &floor),
		    "the kernel only where it does so without the NPU, or allocates page tables");
	/* What the tracer and the module do there is part of the tracer's times */
	ret |= test(3, us <= (p.kernel_us > p.driver_us ? p.kernel_us : p.driver_us) + 10, "the tracer has no longer time");
	return ret;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "timer"))
		return timer();
	if (argc > 1 && !strcmp(argv[1], "traced"))
		return traced(argv + 2);
	fprintf(stderr, "usage: rknpu-bench-irqs timer|traced [COMMAND...]\n");
	return 2;
}
