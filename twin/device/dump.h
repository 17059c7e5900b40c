/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the files of a task that was saved. Shared by the twin, which writes them, and twin-task, which reads them.
 */
#ifndef TWIN_DUMP_H
#define TWIN_DUMP_H

#define TWIN_DUMP_TASK		"task"		/* lines of a name and a value */
#define TWIN_DUMP_REGISTERS	"registers"	/* lines of an offset and a value; what is not there is 0 */
#define TWIN_DUMP_STREAM	"stream.bin"	/* command words; the address is "stream" in the text */
#define TWIN_DUMP_LUT		"lut.bin"	/* both lookup tables, if any was written */
#define TWIN_DUMP_MEMORY	"memory-%08x.bin"	/* what is mapped from that address on */
#define TWIN_DUMP_MOST		100		/* saved by one twin */

#endif /* TWIN_DUMP_H */
