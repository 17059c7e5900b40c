/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * User interface of the Rockchip NPU: six ioctls on /dev/dri/card* and
 * renderD*, compatible with every program written for the vendor driver up to
 * 0.9.8. Names, numbers, sizes and offsets are permanent; selftests check them.
 *
 * Structures only ever grow at their end. A shorter structure from an older
 * program is accepted: the missing fields are taken as 0.
 */
#ifndef RKNPU_DRM_H
#define RKNPU_DRM_H

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * enum rknpu_mem_type - flags of struct rknpu_mem_create
 * @RKNPU_MEM_CONTIGUOUS: physically contiguous memory.
 * @RKNPU_MEM_NON_CONTIGUOUS: scattered pages behind the IOMMU.
 * @RKNPU_MEM_NON_CACHEABLE: CPU mappings are write-combined.
 * @RKNPU_MEM_CACHEABLE: CPU mappings are cached; use %DRM_IOCTL_RKNPU_MEM_SYNC.
 * @RKNPU_MEM_WRITE_COMBINE: CPU mappings are write-combined.
 * @RKNPU_MEM_KERNEL_MAPPING: the kernel may read the buffer; the vendor driver requires it for
 *	task buffers, this driver accepts it.
 * @RKNPU_MEM_IOMMU: map through the IOMMU; always done if there is one.
 * @RKNPU_MEM_ZEROING: zero the memory; always done.
 * @RKNPU_MEM_SECURE: accepted without effect, as in the vendor driver.
 * @RKNPU_MEM_DMA32: physical pages below 4 GiB.
 * @RKNPU_MEM_TRY_ALLOC_SRAM: as much on-chip SRAM as is available, followed by pages, in one
 *	address range and one mapping; the CPU never caches the SRAM part. Ignored together with
 *	%RKNPU_MEM_KERNEL_MAPPING. Such a buffer cannot hold task descriptors, and its dma-buf can
 *	be mapped by the CPU but not by other devices.
 * @RKNPU_MEM_TRY_ALLOC_NBUF: on-chip NPU buffer first; has no effect, as this memory is not used.
 * @RKNPU_MEM_IOMMU_LIMIT_IOVA_ALIGNMENT: pack addresses tightly. Without it the address is a multiple
 *	of the buffer size rounded up to a power of two, as long as there is room for that.
 * @RKNPU_MEM_MASK: every valid flag; any other bit is -EINVAL.
 */
enum rknpu_mem_type {
	RKNPU_MEM_CONTIGUOUS = 0 << 0,
	RKNPU_MEM_NON_CONTIGUOUS = 1 << 0,
	RKNPU_MEM_NON_CACHEABLE = 0 << 1,
	RKNPU_MEM_CACHEABLE = 1 << 1,
	RKNPU_MEM_WRITE_COMBINE = 1 << 2,
	RKNPU_MEM_KERNEL_MAPPING = 1 << 3,
	RKNPU_MEM_IOMMU = 1 << 4,
	RKNPU_MEM_ZEROING = 1 << 5,
	RKNPU_MEM_SECURE = 1 << 6,
	RKNPU_MEM_DMA32 = 1 << 7,
	RKNPU_MEM_TRY_ALLOC_SRAM = 1 << 8,
	RKNPU_MEM_TRY_ALLOC_NBUF = 1 << 9,
	RKNPU_MEM_IOMMU_LIMIT_IOVA_ALIGNMENT = 1 << 10,
	RKNPU_MEM_MASK = 0x7ff,
};

/**
 * enum rknpu_mem_sync_mode - flags of struct rknpu_mem_sync
 * @RKNPU_MEM_SYNC_TO_DEVICE: what the CPU wrote becomes visible to the NPU.
 * @RKNPU_MEM_SYNC_FROM_DEVICE: what the NPU wrote becomes visible to the CPU.
 * @RKNPU_MEM_SYNC_MASK: every valid flag.
 */
enum rknpu_mem_sync_mode {
	RKNPU_MEM_SYNC_TO_DEVICE = 1 << 0,
	RKNPU_MEM_SYNC_FROM_DEVICE = 1 << 1,
	RKNPU_MEM_SYNC_MASK = 0x3,
};

/**
 * enum rknpu_job_mode - flags of struct rknpu_submit
 * @RKNPU_JOB_SLAVE: registers written by the kernel; no driver supports it: -EINVAL.
 * @RKNPU_JOB_PC: the NPU fetches a command stream; mandatory.
 * @RKNPU_JOB_BLOCK: return when the job has ended.
 * @RKNPU_JOB_NONBLOCK: return when the job is queued.
 * @RKNPU_JOB_PINGPONG: fetch the next task while the current one computes.
 * @RKNPU_JOB_FENCE_IN: wait for the sync file in fence_fd first. The wait is limited by the
 *	time-out, except for fences of this device's own jobs, which always signal.
 * @RKNPU_JOB_FENCE_OUT: return a sync file in fence_fd.
 * @RKNPU_JOB_MASK: every valid flag; any other bit is -EINVAL.
 */
enum rknpu_job_mode {
	RKNPU_JOB_SLAVE = 0 << 0,
	RKNPU_JOB_PC = 1 << 0,
	RKNPU_JOB_BLOCK = 0 << 1,
	RKNPU_JOB_NONBLOCK = 1 << 1,
	RKNPU_JOB_PINGPONG = 1 << 2,
	RKNPU_JOB_FENCE_IN = 1 << 3,
	RKNPU_JOB_FENCE_OUT = 1 << 4,
	RKNPU_JOB_MASK = 0x1f,
};

/**
 * enum rknpu_action_type - action numbers of struct rknpu_action
 * @RKNPU_GET_HW_VERSION: hardware version; 1179210309 on RK3588.
 * @RKNPU_GET_DRV_VERSION: major * 10000 + minor * 100 + patch level of the interface: 908.
 * @RKNPU_GET_FREQ: compute clock in Hz.
 * @RKNPU_SET_FREQ: rate to work at in Hz, rounded down to an available rate. Affects all users, so
 *	-EPERM without CAP_SYS_ADMIN; -EOPNOTSUPP if there are no rates to choose from. -EINVAL with
 *	the vendor's driver.
 * @RKNPU_GET_VOLT: supply voltage in microvolts, 0 if unknown.
 * @RKNPU_SET_VOLT: -EPERM without CAP_SYS_ADMIN, -EOPNOTSUPP with it: the voltage follows the rate.
 * @RKNPU_ACT_RESET: cancel the caller's own jobs; its next job starts with registers in reset state.
 * @RKNPU_GET_BW_PRIORITY: priority on the bus; -EINVAL if the SoC has no such register (all except
 *	RK3566 and RK3568).
 * @RKNPU_SET_BW_PRIORITY: as above; -EPERM without CAP_SYS_NICE; 0 changes nothing.
 * @RKNPU_GET_BW_EXPECT: as above.
 * @RKNPU_SET_BW_EXPECT: as above.
 * @RKNPU_GET_BW_TW: as above.
 * @RKNPU_SET_BW_TW: as above.
 * @RKNPU_ACT_CLR_TOTAL_RW_AMOUNT: restart the byte counts, for the caller's process; no effect on
 *	SoCs without byte counters (RK3588).
 * @RKNPU_GET_DT_WR_AMOUNT: bytes of data that the NPU has written, for any process, since the last
 *	such restart, reset or power-off; the value is left unchanged on SoCs without byte counters.
 * @RKNPU_GET_DT_RD_AMOUNT: bytes of data read, in the same way.
 * @RKNPU_GET_WT_RD_AMOUNT: bytes of weights read, in the same way.
 * @RKNPU_GET_TOTAL_RW_AMOUNT: sum of the three.
 * @RKNPU_GET_IOMMU_EN: 1 if the NPU is behind an IOMMU.
 * @RKNPU_SET_PROC_NICE: change the caller's nice value, with the permission checks of setpriority(2).
 * @RKNPU_POWER_ON: -EINVAL, as in vendor drivers from 0.9.
 * @RKNPU_POWER_OFF: -EINVAL.
 * @RKNPU_GET_TOTAL_SRAM_SIZE: size of the on-chip SRAM that the NPU may use, in bytes.
 * @RKNPU_GET_FREE_SRAM_SIZE: free part of it, in bytes.
 * @RKNPU_GET_IOMMU_DOMAIN_ID: address space of this process for new memory, 0..15.
 * @RKNPU_SET_IOMMU_DOMAIN_ID: select that address space; other processes are not affected.
 */
enum rknpu_action_type {
	RKNPU_GET_HW_VERSION = 0,
	RKNPU_GET_DRV_VERSION = 1,
	RKNPU_GET_FREQ = 2,
	RKNPU_SET_FREQ = 3,
	RKNPU_GET_VOLT = 4,
	RKNPU_SET_VOLT = 5,
	RKNPU_ACT_RESET = 6,
	RKNPU_GET_BW_PRIORITY = 7,
	RKNPU_SET_BW_PRIORITY = 8,
	RKNPU_GET_BW_EXPECT = 9,
	RKNPU_SET_BW_EXPECT = 10,
	RKNPU_GET_BW_TW = 11,
	RKNPU_SET_BW_TW = 12,
	RKNPU_ACT_CLR_TOTAL_RW_AMOUNT = 13,
	RKNPU_GET_DT_WR_AMOUNT = 14,
	RKNPU_GET_DT_RD_AMOUNT = 15,
	RKNPU_GET_WT_RD_AMOUNT = 16,
	RKNPU_GET_TOTAL_RW_AMOUNT = 17,
	RKNPU_GET_IOMMU_EN = 18,
	RKNPU_SET_PROC_NICE = 19,
	RKNPU_POWER_ON = 20,
	RKNPU_POWER_OFF = 21,
	RKNPU_GET_TOTAL_SRAM_SIZE = 22,
	RKNPU_GET_FREE_SRAM_SIZE = 23,
	RKNPU_GET_IOMMU_DOMAIN_ID = 24,
	RKNPU_SET_IOMMU_DOMAIN_ID = 25,
};

/**
 * struct rknpu_action - argument of %DRM_IOCTL_RKNPU_ACTION
 * @flags: In: one of enum rknpu_action_type.
 * @value: In/Out: value to set, or value read.
 */
struct rknpu_action {
	__u32 flags;
	__u32 value;
};

/**
 * struct rknpu_mem_create - argument of %DRM_IOCTL_RKNPU_MEM_CREATE
 * @handle: In/Out: 0 allocates a buffer; a GEM handle of this file (for example of an imported
 *	dma-buf) gives that object an address. Returns the handle.
 * @flags: In: enum rknpu_mem_type.
 * @size: In/Out: bytes; returned rounded up to whole pages.
 * @obj_addr: Out: opaque token of the buffer, for MEM_SYNC and SUBMIT by the same process.
 * @dma_addr: Out: address for command streams, below 4 GiB. The 32-byte form of the structure ends here.
 * @sram_size: In/Out: bytes wanted in SRAM (0: as many as there are); returns the bytes placed there.
 *	With %RKNPU_MEM_TRY_ALLOC_SRAM. The 40-byte form of the structure ends here.
 * @iommu_domain_id: In: address space of the caller, 0..15.
 * @core_mask: In: placement hint for on-chip NPU memory.
 *
 * Errors: -EINVAL bad size, flags or domain; -ENOMEM no pages; -ENOSPC no address range left.
 */
struct rknpu_mem_create {
	__u32 handle;
	__u32 flags;
	__u64 size;
	__u64 obj_addr;
	__u64 dma_addr;
	__u64 sram_size;
	__s32 iommu_domain_id;
	__u32 core_mask;
};

/**
 * struct rknpu_mem_map - argument of %DRM_IOCTL_RKNPU_MEM_MAP
 * @handle: In: GEM handle.
 * @reserved: ignored.
 * @offset: Out: offset to pass to mmap() on the DRM file; add whole pages to map only a part.
 *
 * Mappings must be shared. An imported buffer is mapped by its exporter, always from its first page.
 * Errors: -ENOENT no such handle.
 */
struct rknpu_mem_map {
	__u32 handle;
	__u32 reserved;
	__u64 offset;
};

/**
 * struct rknpu_mem_destroy - argument of %DRM_IOCTL_RKNPU_MEM_DESTROY
 * @handle: In: GEM handle.
 * @reserved: ignored.
 * @obj_addr: ignored; only the handle counts.
 *
 * If this was the file's last handle of the buffer, the address range is freed as soon as all jobs
 * submitted before have left the hardware.
 * Errors: -ENOENT no such handle.
 */
struct rknpu_mem_destroy {
	__u32 handle;
	__u32 reserved;
	__u64 obj_addr;
};

/**
 * struct rknpu_mem_sync - argument of %DRM_IOCTL_RKNPU_MEM_SYNC
 * @flags: In: enum rknpu_mem_sync_mode, one or both.
 * @reserved: ignored.
 * @obj_addr: In: token of the buffer.
 * @offset: In: first byte.
 * @size: In: bytes.
 *
 * The cost depends on the size of the range only, and is nil for memory that the CPU does not cache. An
 * imported buffer is synchronized as a whole by its exporter, whose errors are passed on.
 * Errors: -EINVAL bad token, flags or range.
 */
struct rknpu_mem_sync {
	__u32 flags;
	__u32 reserved;
	__u64 obj_addr;
	__u64 offset;
	__u64 size;
};

/**
 * struct rknpu_task - one task descriptor in a task buffer
 * @flags: unused by the kernel.
 * @op_idx: unused by the kernel.
 * @enable_mask: unused by the kernel.
 * @int_mask: In: interrupt bits that mean "done"; taken from the last task of a range. The job also waits
 *	for a block that writes results (bits 8 to 11) if the mask names none of these.
 * @int_clear: unused by the kernel.
 * @int_status: Out: interrupt bits seen; written to the last task of a range.
 * @regcfg_amount: In: command words without the four-word tail; taken from the first task.
 * @regcfg_offset: unused by the kernel.
 * @regcmd_addr: In: address of the command words, 16-byte aligned; taken from the first task.
 */
struct rknpu_task {
	__u32 flags;
	__u32 op_idx;
	__u32 enable_mask;
	__u32 int_mask;
	__u32 int_clear;
	__u32 int_status;
	__u32 regcfg_amount;
	__u32 regcfg_offset;
	__u64 regcmd_addr;
} __attribute__((packed));

/**
 * struct rknpu_subcore_task - range of tasks for one core
 * @task_start: first descriptor.
 * @task_number: number of descriptors.
 */
struct rknpu_subcore_task {
	__u32 task_start;
	__u32 task_number;
};

#define RKNPU_MAX_SUBCORE_TASKS	5

/**
 * struct rknpu_submit - argument of %DRM_IOCTL_RKNPU_SUBMIT
 * @flags: In: enum rknpu_job_mode.
 * @timeout: In: milliseconds on the hardware, not counting time in the queue; 0, or a value above the
 *	driver's limit, means the limit.
 * @task_start: In: first descriptor (one-core SoCs).
 * @task_number: In: number of descriptors, not 0.
 * @task_counter: Out: number of tasks done, on all cores together; only for a job that is waited for.
 * @priority: In: higher runs first; -4 .. 3, other values are clamped. Above 0 needs CAP_SYS_NICE.
 *	Processes of equal priority take turns.
 * @task_obj_addr: In: token of the buffer that holds the descriptors.
 * @iommu_domain_id: In: address space of the caller to which the stream's addresses refer.
 * @reserved: ignored, with one exception: programs built for drivers up to 0.8 may have one of their
 *	tokens in this and the preceding word, which then means address space 0.
 * @task_base_addr: In: added by the NPU to every data address; 0 in practice.
 * @hw_elapse_time: Out: nanoseconds on the hardware.
 * @core_mask: In: 0 for any one core, otherwise bit n = core n; several bits: all of these cores at once.
 * @fence_fd: In/Out: sync file, see %RKNPU_JOB_FENCE_IN and %RKNPU_JOB_FENCE_OUT.
 * @subcore_task: In: ranges; core n uses entry n when one or two cores are named, n + 2 when three.
 *	A core whose range is empty is left out.
 *
 * Errors: -EINVAL a field out of range, a bad token or a bad sync file; -EPERM priority not allowed;
 * -EMFILE; -EAGAIN too many jobs of this process are waiting already; -ENOMEM; -ENODEV the device is gone.
 * For a job that is waited for, and as the error of its fence: -ETIMEDOUT it ran out of time, or made no
 * progress while others waited; -EIO the hardware reported an error (address not mapped, bus error);
 * -ECANCELED its process asked for a reset or closed the file; or the error of its input fence.
 * A call that fails leaves no sync file behind.
 */
struct rknpu_submit {
	__u32 flags;
	__u32 timeout;
	__u32 task_start;
	__u32 task_number;
	__u32 task_counter;
	__s32 priority;
	__u64 task_obj_addr;
	__u32 iommu_domain_id;
	__u32 reserved;
	__u64 task_base_addr;
	__s64 hw_elapse_time;
	__u32 core_mask;
	__s32 fence_fd;
	struct rknpu_subcore_task subcore_task[RKNPU_MAX_SUBCORE_TASKS];
};

#define RKNPU_ACTION		0x00
#define RKNPU_SUBMIT		0x01
#define RKNPU_MEM_CREATE	0x02
#define RKNPU_MEM_MAP		0x03
#define RKNPU_MEM_DESTROY	0x04
#define RKNPU_MEM_SYNC		0x05

/* Type byte of the ioctls of /dev/rknpu, the character-device form of the same interface */
#define RKNPU_IOC_MAGIC		'r'
#define RKNPU_IOW(nr, type)	_IOW(RKNPU_IOC_MAGIC, nr, type)
#define RKNPU_IOR(nr, type)	_IOR(RKNPU_IOC_MAGIC, nr, type)
#define RKNPU_IOWR(nr, type)	_IOWR(RKNPU_IOC_MAGIC, nr, type)

#define DRM_IOCTL_RKNPU_ACTION \
	DRM_IOWR(DRM_COMMAND_BASE + RKNPU_ACTION, struct rknpu_action)
#define DRM_IOCTL_RKNPU_SUBMIT \
	DRM_IOWR(DRM_COMMAND_BASE + RKNPU_SUBMIT, struct rknpu_submit)
#define DRM_IOCTL_RKNPU_MEM_CREATE \
	DRM_IOWR(DRM_COMMAND_BASE + RKNPU_MEM_CREATE, struct rknpu_mem_create)
#define DRM_IOCTL_RKNPU_MEM_MAP \
	DRM_IOWR(DRM_COMMAND_BASE + RKNPU_MEM_MAP, struct rknpu_mem_map)
#define DRM_IOCTL_RKNPU_MEM_DESTROY \
	DRM_IOWR(DRM_COMMAND_BASE + RKNPU_MEM_DESTROY, struct rknpu_mem_destroy)
#define DRM_IOCTL_RKNPU_MEM_SYNC \
	DRM_IOWR(DRM_COMMAND_BASE + RKNPU_MEM_SYNC, struct rknpu_mem_sync)

#define IOCTL_RKNPU_ACTION	RKNPU_IOWR(RKNPU_ACTION, struct rknpu_action)
#define IOCTL_RKNPU_SUBMIT	RKNPU_IOWR(RKNPU_SUBMIT, struct rknpu_submit)
#define IOCTL_RKNPU_MEM_CREATE	RKNPU_IOWR(RKNPU_MEM_CREATE, struct rknpu_mem_create)
#define IOCTL_RKNPU_MEM_MAP	RKNPU_IOWR(RKNPU_MEM_MAP, struct rknpu_mem_map)
#define IOCTL_RKNPU_MEM_DESTROY	RKNPU_IOWR(RKNPU_MEM_DESTROY, struct rknpu_mem_destroy)
#define IOCTL_RKNPU_MEM_SYNC	RKNPU_IOWR(RKNPU_MEM_SYNC, struct rknpu_mem_sync)

#if defined(__cplusplus)
}
#endif

#endif /* RKNPU_DRM_H */
