/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Tracepoints. Names and fields are stable: tools read them. A job has one
 * job_queue, one job_start and one job_end for each core that it ran on, and all of
 * them carry its id; a job that never ran has a job_end of core -1.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rknpu

#if !defined(RKNPU_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define RKNPU_TRACE_H

#include <linux/sched.h>
#include <linux/tracepoint.h>

/* Only rknpu_trace.c knows the structures that the fields come from: every floor may include this header. */
struct rknpu_job;

/* What TRACE_EVENT() takes is no C. */
/* clang-format off */

TRACE_EVENT(job_queue,
	TP_PROTO(const struct rknpu_job *job),
	TP_ARGS(job),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(pid_t, pid)
		__array(char, comm, TASK_COMM_LEN)
		__field(u32, cores)
		__field(bool, gang)
		__field(int, priority)
		__field(bool, fence)
	),
	TP_fast_assign(
		__entry->id = job->id;
		__entry->pid = pid_nr(job->client->tgid);
		memcpy(__entry->comm, job->client->comm, TASK_COMM_LEN);
		__entry->cores = job->cores;
		__entry->gang = job->gang;
		__entry->priority = job->priority;
		__entry->fence = job->in_fence;
	),
	TP_printk("id=%llu pid=%d comm=%s cores=%#x gang=%d priority=%d fence=%d", __entry->id,
		  __entry->pid, __entry->comm, __entry->cores, __entry->gang, __entry->priority, __entry->fence)
);

TRACE_EVENT(job_start,
	TP_PROTO(const struct rknpu_job *job, unsigned int core),
	TP_ARGS(job, core),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(pid_t, pid)
		__array(char, comm, TASK_COMM_LEN)
		__field(unsigned int, core)
		__field(u32, tasks)
		__field(u64, vm)
	),
	TP_fast_assign(
		__entry->id = job->id;
		__entry->pid = pid_nr(job->client->tgid);
		memcpy(__entry->comm, job->client->comm, TASK_COMM_LEN);
		__entry->core = core;
		__entry->tasks = job->range[core].tasks;
		__entry->vm = job->vm->id;
	),
	TP_printk("id=%llu pid=%d comm=%s core=%u tasks=%u vm=%llu", __entry->id, __entry->pid,
		  __entry->comm, __entry->core, __entry->tasks, __entry->vm)
);

TRACE_EVENT(job_end,
	TP_PROTO(const struct rknpu_job *job, int core, u64 busy_ns, int result),
	TP_ARGS(job, core, busy_ns, result),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(pid_t, pid)
		__array(char, comm, TASK_COMM_LEN)
		__field(int, core)
		__field(u64, busy_ns)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->id = job->id;
		__entry->pid = pid_nr(job->client->tgid);
		memcpy(__entry->comm, job->client->comm, TASK_COMM_LEN);
		__entry->core = core;
		__entry->busy_ns = busy_ns;
		__entry->result = result;
	),
	TP_printk("id=%llu pid=%d comm=%s core=%d busy_ns=%llu result=%d", __entry->id, __entry->pid,
		  __entry->comm, __entry->core, __entry->busy_ns, __entry->result)
);

TRACE_EVENT(core_reset,
	TP_PROTO(unsigned int core, int result),
	TP_ARGS(core, result),
	TP_STRUCT__entry(
		__field(unsigned int, core)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->core = core;
		__entry->result = result;
	),
	TP_printk("core=%u result=%d", __entry->core, __entry->result)
);

TRACE_EVENT(mmu_fault,
	TP_PROTO(unsigned int core, u64 id, u32 iova, bool write),
	TP_ARGS(core, id, iova, write),
	TP_STRUCT__entry(
		__field(unsigned int, core)
		__field(u64, id)
		__field(u32, iova)
		__field(bool, write)
	),
	TP_fast_assign(
		__entry->core = core;
		__entry->id = id;
		__entry->iova = iova;
		__entry->write = write;
	),
	TP_printk("core=%u id=%llu iova=%#010x write=%d", __entry->core, __entry->id, __entry->iova,
		  __entry->write)
);

TRACE_EVENT(vm_attach,
	TP_PROTO(unsigned int core, u64 vm, pid_t pid, int result),
	TP_ARGS(core, vm, pid, result),
	TP_STRUCT__entry(
		__field(unsigned int, core)
		__field(u64, vm)
		__field(pid_t, pid)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->core = core;
		__entry->vm = vm;
		__entry->pid = pid;
		__entry->result = result;
	),
	TP_printk("core=%u vm=%llu pid=%d result=%d", __entry->core, __entry->vm, __entry->pid, __entry->result)
);

DECLARE_EVENT_CLASS(rknpu_power,
	TP_PROTO(unsigned int core),
	TP_ARGS(core),
	TP_STRUCT__entry(
		__field(unsigned int, core)
	),
	TP_fast_assign(
		__entry->core = core;
	),
	TP_printk("core=%u", __entry->core)
);

DEFINE_EVENT(rknpu_power, power_on, TP_PROTO(unsigned int core), TP_ARGS(core));
DEFINE_EVENT(rknpu_power, power_off, TP_PROTO(unsigned int core), TP_ARGS(core));

DECLARE_EVENT_CLASS(rknpu_mem,
	TP_PROTO(pid_t pid, u64 vm, u64 iova, u64 bytes),
	TP_ARGS(pid, vm, iova, bytes),
	TP_STRUCT__entry(
		__field(pid_t, pid)
		__field(u64, vm)
		__field(u64, iova)
		__field(u64, bytes)
	),
	TP_fast_assign(
		__entry->pid = pid;
		__entry->vm = vm;
		__entry->iova = iova;
		__entry->bytes = bytes;
	),
	TP_printk("pid=%d vm=%llu iova=%#llx bytes=%llu", __entry->pid, __entry->vm, __entry->iova,
		  __entry->bytes)
);

DEFINE_EVENT(rknpu_mem, mem_create, TP_PROTO(pid_t pid, u64 vm, u64 iova, u64 bytes), TP_ARGS(pid, vm, iova, bytes));
DEFINE_EVENT(rknpu_mem, mem_destroy, TP_PROTO(pid_t pid, u64 vm, u64 iova, u64 bytes), TP_ARGS(pid, vm, iova, bytes));

#endif /* RKNPU_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE rknpu_trace
#include <trace/define_trace.h>
