// SPDX-License-Identifier: GPL-2.0-only
/* MODULE_IMPORT_NS() takes an identifier (until 6.12); of a string it would make a name with quotes in it. */
#include <linux/module.h>

MODULE_IMPORT_NS(DMA_BUF);
