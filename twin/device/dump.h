/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: files of a saved task. Shared by the twin, which writes them, and twin-task, which reads them.
 */
#ifndef TWIN_DUMP_H
#define TWIN_DUMP_H

#define TWIN_DUMP_TASK		"task"		/* lines of a name and a value */
#define TWIN_DUMP_REGISTERS	"registers"	/* lines of an offset and a value; missing registers are 0 */
#define TWIN_DUMP_STREAM	"stream.bin"	/* command words; their address is "stream" in the task file */
#define TWIN_DUMP_LUT		"lut.bin"	/* both lookup tables, if one of them was written */
#define TWIN_DUMP_MEMORY	"memory-%08x.bin"	/* contiguous mapped memory from this address on */
#define TWIN_DUMP_MOST		100		/* maximum number saved by one twin */

#endif /* TWIN_DUMP_H */
