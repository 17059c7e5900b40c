// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Submits a task that the twin refuses: a product with truncation in CORE, whose
 * effect is not known. Prints the result of SUBMIT, and exits with it. Used to test
 * the handling of refusals (selftests/checks/test-rknpu-vm).
 */
#include "examples/example.h"

int main(void)
{
	struct rknpu_submit args;
	struct matmul mm;
	int ret;

	make_product(&mm, open_npu(), 1);
	must("a register", matmul_set_register(&mm, RKNPU_CORE_CLIP_TRUNCATE, 3) ? 0 : -ENOENT);
	must("the stream", npu_bo_to_device(&mm.cmd));
	args = matmul_args(&mm, 1);
	args.timeout = 20000;
	ret = npu_submit(mm.cmd.fd, &args);
	printf("SUBMIT: %s\n", ret ? strerror(-ret) : "done");
	return -ret;
}
