// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the twin as a QEMU device, loaded with -plugin into a distribution's own
 * binary. Nothing of the NPU is modelled here: this file provides the library
 * with memory, virtual time, interrupt lines, a log and, in async mode, threads.
 *
 * The outer lock of the library is QEMU's big lock. The device is not on a bus,
 * so the machine does not reset it: it registers a reset handler itself.
 */
#include "qemu-compat.h"

#include "rknpu_regs.h"
#include "rknpu_twin_regs.h"
#include "twin.h"
#include "workers/workers.h"

#define TYPE_RKNPU_TWIN "rknpu-twin"
OBJECT_DECLARE_SIMPLE_TYPE(RknpuTwin, RKNPU_TWIN)

/* Above RAM: if the machine has enough RAM, it extends to these addresses */
#define WINDOW_PRIORITY		10
#define SUMMARY_BYTES		80
/*
 * Without -icount, the host may stop the guest between two register writes for
 * longer than any limit of a board.
 */
#define RESET_SKEW_HOST_NS	(NANOSECONDS_PER_SECOND / 2)
#define NS_PER_US		1000
#define US_PER_MS		1000
/* Not used by QEMU's machine */
#define MHU_SPI			60
#define ISLAND_REGIONS		16

typedef struct TwinSlot {
	RknpuTwin *device;
	unsigned int core;
	MemoryRegion window;
	QEMUTimer timer;
	QEMUBH *done;
	QemuThread thread;
	QemuSemaphore work;
	qemu_irq irq;
} TwinSlot;

typedef struct TwinIslandRegion {
	RknpuTwin *device;
	const struct twin_region *region;
	MemoryRegion memory;
} TwinIslandRegion;

struct RknpuTwin {
	DeviceState parent_obj;
	struct twin *twin;
	TwinSlot slot[TWIN_MAX_CORES];
	MemoryRegion ctl;
	MemoryRegion reset;
	MemoryRegion power;
	MemoryRegion qos;
	MemoryRegion sram_region;
	TwinIslandRegion island_region[ISLAND_REGIONS];
	qemu_irq mhu_irq;
	const struct twin_soc *soc;
	const struct twin_timing *timing;
	Notifier exit;
	FILE *log;
	/* Properties */
	char *log_path;
	char *soc_name;
	char *timing_name;
	uint32_t cores;
	uint32_t clock_mhz;
	uint32_t macs_per_cycle;
	uint32_t bytes_per_cycle;
	uint32_t task_overhead_ns;
	uint32_t fault_retry_us;
	uint32_t reset_skew_us;
	bool async;
	bool own_units;
	bool compute;
	bool fault_storm;
	bool allow_untranslated;
	bool sram;
	bool fail_fast;
	char *dump_dir;
	bool island;
	uint32_t threads;
};

/* ---- Services for the library ---- */

static uint64_t glue_now_ns(void *opaque)
{
	return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static void glue_timer_set(void *opaque, unsigned int core, uint64_t when_ns)
{
	RknpuTwin *device = opaque;

	if (when_ns == TWIN_TIME_NEVER)
		timer_del(&device->slot[core].timer);
	else
		timer_mod_ns(&device->slot[core].timer, MIN(when_ns, INT64_MAX));
}

static void glue_irq_set(void *opaque, unsigned int line, bool level)
{
	RknpuTwin *device = opaque;

	qemu_set_irq(line == TWIN_LINE_MHU ? device->mhu_irq : device->slot[line].irq, level);
}

/* The "memory" attribute refuses device registers, because their handlers would need the big lock. */
static bool glue_mem_access(uint64_t addr, void *buf, size_t bytes, bool write)
{
	const MemTxAttrs attrs = { .memory = 1 };

	return address_space_rw(&address_space_memory, addr, attrs, buf, bytes, write) == MEMTX_OK;
}

static bool glue_mem_read(void *opaque, uint64_t addr, void *buf, size_t bytes)
{
	return glue_mem_access(addr, buf, bytes, false);
}

static bool glue_mem_write(void *opaque, uint64_t addr, const void *buf, size_t bytes)
{
	return glue_mem_access(addr, (void *)buf, bytes, true);
}

static void glue_log(void *opaque, const char *line)
{
	RknpuTwin *device = opaque;

	fprintf(device->log, "%s\n", line);
	fflush(device->log);
}

/* Called on a processor that accesses a register; see map_registers(). */
static void glue_pause(void *opaque, uint32_t ms)
{
	twin_unlock();
	g_usleep((gulong)ms * US_PER_MS);
	twin_lock();
}

static void glue_work_start(void *opaque, unsigned int core)
{
	RknpuTwin *device = opaque;

	qemu_sem_post(&device->slot[core].work);
}

static const struct twin_ops glue_ops_sync = {
	.now_ns = glue_now_ns,
	.timer_set = glue_timer_set,
	.irq_set = glue_irq_set,
	.mem_read = glue_mem_read,
	.mem_write = glue_mem_write,
	.log = glue_log,
};

/* ---- Async mode ---- */

static void *slot_thread(void *opaque)
{
	TwinSlot *slot = opaque;

	rcu_register_thread();
	for (;;) {
		qemu_sem_wait(&slot->work);
		twin_work(slot->device->twin, slot->core);
		qemu_bh_schedule(slot->done);
	}
	return NULL;
}

static void slot_work_done(void *opaque)
{
	TwinSlot *slot = opaque;

	twin_work_done(slot->device->twin, slot->core);
}

static void slot_start_worker(TwinSlot *slot)
{
	slot->done = qemu_bh_new(slot_work_done, slot);
	qemu_sem_init(&slot->work, 0);
	qemu_thread_create(&slot->thread, TYPE_RKNPU_TWIN, slot_thread, slot, QEMU_THREAD_DETACHED);
}

/* ---- Registers ---- */

static uint64_t window_read(void *opaque, hwaddr offset, unsigned int bytes)
{
	TwinSlot *slot = opaque;

	return twin_core_read(slot->device->twin, slot->core, offset, bytes);
}

static void window_write(void *opaque, hwaddr offset, uint64_t value, unsigned int bytes)
{
	TwinSlot *slot = opaque;

	twin_core_write(slot->device->twin, slot->core, offset, value, bytes);
}

static uint64_t ctl_read(void *opaque, hwaddr offset, unsigned int bytes)
{
	return twin_ctl_read(RKNPU_TWIN(opaque)->twin, offset, bytes);
}

static void ctl_write(void *opaque, hwaddr offset, uint64_t value, unsigned int bytes)
{
	twin_ctl_write(RKNPU_TWIN(opaque)->twin, offset, value, bytes);
}

static uint64_t reset_read(void *opaque, hwaddr offset, unsigned int bytes)
{
	return twin_reset_read(RKNPU_TWIN(opaque)->twin, offset, bytes);
}

static void reset_write(void *opaque, hwaddr offset, uint64_t value, unsigned int bytes)
{
	twin_reset_write(RKNPU_TWIN(opaque)->twin, offset, value, bytes);
}

static uint64_t power_read(void *opaque, hwaddr offset, unsigned int bytes)
{
	return twin_power_read(RKNPU_TWIN(opaque)->twin, offset, bytes);
}

static void power_write(void *opaque, hwaddr offset, uint64_t value, unsigned int bytes)
{
	twin_power_write(RKNPU_TWIN(opaque)->twin, offset, value, bytes);
}

static uint64_t qos_read(void *opaque, hwaddr offset, unsigned int bytes)
{
	return twin_qos_read(RKNPU_TWIN(opaque)->twin, offset, bytes);
}

static void qos_write(void *opaque, hwaddr offset, uint64_t value, unsigned int bytes)
{
	twin_qos_write(RKNPU_TWIN(opaque)->twin, offset, value, bytes);
}

static uint64_t island_read(void *opaque, hwaddr offset, unsigned int bytes)
{
	TwinIslandRegion *region = opaque;

	return region->region->read(region->device->twin, region->region->addr + offset, bytes);
}

static void island_write(void *opaque, hwaddr offset, uint64_t value, unsigned int bytes)
{
	TwinIslandRegion *region = opaque;

	region->region->write(region->device->twin, region->region->addr + offset, value, bytes);
}

/* All widths are passed on: the library counts wrong ones as guest errors. */
#define TWIN_REGISTER_OPS(name)							\
	static const MemoryRegionOps name##_ops = {				\
		.read = name##_read,						\
		.write = name##_write,						\
		.endianness = DEVICE_LITTLE_ENDIAN,				\
		.valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true }, \
		.impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true }, \
	}

TWIN_REGISTER_OPS(window);
TWIN_REGISTER_OPS(ctl);
TWIN_REGISTER_OPS(reset);
TWIN_REGISTER_OPS(power);
TWIN_REGISTER_OPS(qos);
TWIN_REGISTER_OPS(island);

static void map_registers(MemoryRegion *region, RknpuTwin *device, const MemoryRegionOps *ops, void *opaque,
			  hwaddr addr, uint64_t bytes)
{
	memory_region_init_io(region, OBJECT(device), ops, opaque, TYPE_RKNPU_TWIN, bytes);
	/* While one processor is held in an access, others may access the region. */
	twin_allow_reentrancy(region);
	memory_region_add_subregion_overlap(get_system_memory(), addr, region, WINDOW_PRIORITY);
}

/* The system SRAM is ordinary memory at an address of its own. */
static void map_sram(RknpuTwin *device, Error **errp)
{
	memory_region_init_ram(&device->sram_region, OBJECT(device), "rknpu-twin-sram",
			       device->soc->sram_bytes, errp);
	memory_region_add_subregion_overlap(get_system_memory(), device->soc->sram_addr, &device->sram_region,
					    WINDOW_PRIORITY);
}

/* Map memory before creating the twin, which initializes it. */
static void map_island(RknpuTwin *device, bool ram, Error **errp)
{
	const struct twin_region *regions = twin_island_regions(device->soc);
	unsigned int i;

	for (i = 0; i < ISLAND_REGIONS && regions[i].bytes; i++) {
		TwinIslandRegion *region = &device->island_region[i];

		region->device = device;
		region->region = &regions[i];
		if (region->region->ram != ram)
			continue;
		if (ram) {
			memory_region_init_ram(&region->memory, OBJECT(device), region->region->name,
					       region->region->bytes, errp);
			memory_region_add_subregion_overlap(get_system_memory(), region->region->addr, &region->memory,
							    WINDOW_PRIORITY);
		} else {
			map_registers(&region->memory, device, &island_ops, region, region->region->addr,
				      region->region->bytes);
		}
	}
}

/* ---- Creation and properties ---- */

static void slot_timer(void *opaque)
{
	TwinSlot *slot = opaque;

	twin_timer(slot->device->twin, slot->core);
}

static void slot_init(RknpuTwin *device, unsigned int core, DeviceState *gic)
{
	TwinSlot *slot = &device->slot[core];

	slot->device = device;
	slot->core = core;
	/* Input n of either GIC model is SPI n */
	slot->irq = qdev_get_gpio_in(gic, device->soc->spi[core]);
	timer_init_ns(&slot->timer, QEMU_CLOCK_VIRTUAL, slot_timer, slot);
	if (device->async)
		slot_start_worker(slot);
}

static void device_reset(void *opaque)
{
	RknpuTwin *device = opaque;

	twin_power_on(device->twin);
}

static void device_exit(Notifier *notifier, void *data)
{
	RknpuTwin *device = container_of(notifier, RknpuTwin, exit);
	char line[SUMMARY_BYTES];

	twin_cancel(device->twin);
	twin_summary(device->twin, line, sizeof(line));
	glue_log(device, line);
}

static DeviceState *find_gic(void)
{
	Object *gic = object_resolve_path_type("", "arm-gicv3-common", NULL);

	if (!gic)
		gic = object_resolve_path_type("", "arm_gic_common", NULL);
	return gic ? DEVICE(gic) : NULL;
}

static bool uses_icount(void)
{
	QemuOptsList *list = qemu_find_opts("icount");

	return list && !QTAILQ_EMPTY(&list->head);
}

static bool open_log(RknpuTwin *device, Error **errp)
{
	device->log = device->log_path ? fopen(device->log_path, "a") : stderr;
	if (!device->log)
		error_setg_errno(errp, errno, "cannot open %s", device->log_path);
	return device->log;
}

static bool device_create(RknpuTwin *device, Error **errp)
{
	struct twin_ops ops = glue_ops_sync;
	struct twin_config config;

	twin_config_init(&config);
	config.soc = device->soc;
	config.cores = device->cores;
	config.timing = device->timing;
	config.clock_mhz = device->clock_mhz;
	config.macs_per_cycle = device->macs_per_cycle;
	config.bytes_per_cycle = device->bytes_per_cycle;
	config.task_overhead_ns = device->task_overhead_ns;
	config.fault_retry_ns = (uint64_t)device->fault_retry_us * NS_PER_US;
	config.fault_storm = device->fault_storm;
	config.allow_untranslated = device->allow_untranslated;
	config.fail_fast = device->fail_fast;
	config.dump_dir = device->dump_dir;
	config.own_units = device->own_units;
	config.no_results = !device->compute;
	config.island = device->island;
	config.workers = twin_workers_create(device->threads);
	if (!config.workers) {
		error_setg(errp, "no threads for the twin");
		return false;
	}
	if (device->reset_skew_us)
		config.reset_skew_ns = (uint64_t)device->reset_skew_us * NS_PER_US;
	else if (!uses_icount())
		config.reset_skew_ns = RESET_SKEW_HOST_NS;
	/* With -icount, one thread executes instructions and drives the clock; it must not wait. */
	if (!uses_icount())
		ops.pause = glue_pause;
	if (device->async)
		ops.work_start = glue_work_start;
	device->twin = twin_create(&config, &ops, device);
	if (!device->twin)
		error_setg(errp, "no memory for the twin");
	return device->twin;
}

/* An SoC's own units take the time that boards were measured by */
static bool find_timing(RknpuTwin *device)
{
	const struct twin_soc *soc;

	if (!device->timing_name)
		return true;
	soc = twin_soc_find(device->timing_name);
	if (soc)
		device->timing = soc->own_timing ? soc->own_timing : soc->timing;
	return soc;
}

static bool properties_are_good(RknpuTwin *device, Error **errp)
{
	device->soc = twin_soc_find(device->soc_name ? device->soc_name : "rk3588");
	if (device->soc && !device->cores)
		device->cores = device->soc->cores;
	if (!device->soc)
		error_setg(errp, "soc must be rk3588, rk3576 or rk3568");
	else if (device->cores > device->soc->cores)
		error_setg(errp, "cores must be 1 to %u", device->soc->cores);
	else if (device->own_units && !device->soc->own_timing)
		error_setg(errp, "own-units=on goes with soc=rk3568");
	else if (!find_timing(device))
		error_setg(errp, "timing must be rk3588, rk3576 or rk3568");
	else if (device->threads > TWIN_WORKERS_MAX)
		error_setg(errp, "threads must be 0 to %u", TWIN_WORKERS_MAX);
	else if (device->async && uses_icount())
		/* Virtual time would run ahead while a worker computes in real time */
		error_setg(errp, "async=on does not go with -icount");
	else
		return true;
	return false;
}

static void device_realize(DeviceState *dev, Error **errp)
{
	RknpuTwin *device = RKNPU_TWIN(dev);
	DeviceState *gic = find_gic();
	unsigned int i;

	if (!gic) {
		error_setg(errp, "the machine has no GIC");
		return;
	}
	if (!properties_are_good(device, errp) || !open_log(device, errp))
		return;
	for (i = 0; i < device->cores; i++)
		slot_init(device, i, gic);
	device->mhu_irq = qdev_get_gpio_in(gic, MHU_SPI);
	if (device->island)
		map_island(device, true, errp);
	if (!device_create(device, errp))
		return;
	for (i = 0; i < device->cores; i++)
		map_registers(&device->slot[i].window, device, &window_ops, &device->slot[i],
			      device->soc->core_addr[i], device->soc->window_bytes);
	if (device->sram)
		map_sram(device, errp);
	if (device->island)
		map_island(device, false, errp);
	/* A power island has them among those of its bus. */
	if (device->soc->qos_addr && !device->island)
		map_registers(&device->qos, device, &qos_ops, device, device->soc->qos_addr, RKNPU_QOS_BYTES);
	map_registers(&device->ctl, device, &ctl_ops, device, TWIN_CTL_ADDR, TWIN_CTL_BYTES);
	map_registers(&device->reset, device, &reset_ops, device, TWIN_RESET_ADDR, TWIN_RESET_BYTES);
	map_registers(&device->power, device, &power_ops, device, TWIN_POWER_ADDR, TWIN_POWER_BYTES);
	qemu_register_reset(device_reset, device);
	device->exit.notify = device_exit;
	qemu_add_exit_notifier(&device->exit);
}

static TWIN_PROPERTY device_properties[] = {
	DEFINE_PROP_STRING("log", RknpuTwin, log_path),
	DEFINE_PROP_STRING("soc", RknpuTwin, soc_name),
	DEFINE_PROP_BOOL("async", RknpuTwin, async, false),
	DEFINE_PROP_UINT32("cores", RknpuTwin, cores, 0),
	DEFINE_PROP_STRING("timing", RknpuTwin, timing_name),
	DEFINE_PROP_UINT32("clock-mhz", RknpuTwin, clock_mhz, 0),
	DEFINE_PROP_UINT32("macs-per-cycle", RknpuTwin, macs_per_cycle, 0),
	DEFINE_PROP_UINT32("bytes-per-cycle", RknpuTwin, bytes_per_cycle, 0),
	DEFINE_PROP_UINT32("task-overhead-ns", RknpuTwin, task_overhead_ns, 0),
	DEFINE_PROP_UINT32("fault-retry-us", RknpuTwin, fault_retry_us, 1000),
	DEFINE_PROP_UINT32("reset-skew-us", RknpuTwin, reset_skew_us, 0),
	DEFINE_PROP_BOOL("fault-storm", RknpuTwin, fault_storm, true),
	DEFINE_PROP_BOOL("allow-untranslated", RknpuTwin, allow_untranslated, false),
	DEFINE_PROP_BOOL("sram", RknpuTwin, sram, true),
	DEFINE_PROP_BOOL("fail-fast", RknpuTwin, fail_fast, false),
	DEFINE_PROP_STRING("dump", RknpuTwin, dump_dir),
	DEFINE_PROP_BOOL("own-units", RknpuTwin, own_units, false),
	DEFINE_PROP_BOOL("compute", RknpuTwin, compute, true),
	DEFINE_PROP_BOOL("island", RknpuTwin, island, false),
	DEFINE_PROP_UINT32("threads", RknpuTwin, threads, 0),
	TWIN_PROPERTIES_END
};

static void device_class_init(ObjectClass *klass, TWIN_CLASS_DATA *data)
{
	DeviceClass *dc = DEVICE_CLASS(klass);

	dc->desc = "Rockchip NPU";
	dc->realize = device_realize;
	dc->user_creatable = true;
	dc->hotpluggable = false;
	device_class_set_props(dc, device_properties);
}

static const TypeInfo device_info = {
	.name = TYPE_RKNPU_TWIN,
	.parent = TYPE_DEVICE,
	.instance_size = sizeof(RknpuTwin),
	.class_init = device_class_init,
};

/* ---- Plugin entry ---- */

/* Structures differ between minor versions of QEMU; QEMU itself only checks the version of its plugin interface. */
static bool version_matches(void)
{
	VersionInfo *version = qmp_query_version(NULL);
	int64_t running = version->qemu->major * 100 + version->qemu->minor;

	if (running != TWIN_QEMU_VERSION)
		fprintf(stderr, "rknpu-twin: built for QEMU %d.%d, loaded into %d.%d: rebuild it\n",
			TWIN_QEMU_VERSION / 100, TWIN_QEMU_VERSION % 100, (int)(running / 100), (int)(running % 100));
	qapi_free_VersionInfo(version);
	return running == TWIN_QEMU_VERSION;
}

#define TWIN_EXPORT __attribute__((visibility("default")))

TWIN_EXPORT int qemu_plugin_version = TWIN_PLUGIN_VERSION;
TWIN_EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	if (!version_matches())
		return -1;
	type_register_static(&device_info);
	return 0;
}
