// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#define _GNU_SOURCE
#include "fds.h"
#include "ktap.h"

#include <string.h>
#include <sys/socket.h>

void send_fds(int socket, const int *fds, unsigned int num)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int) * 8)] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int) * num),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * num);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * num);
	ASSERT_EQ(sendmsg(socket, &msg, 0), 1);
}

void receive_fds(int socket, int *fds, unsigned int num)
{
	char byte, control[CMSG_SPACE(sizeof(int) * 8)] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };

	ASSERT_EQ(recvmsg(socket, &msg, MSG_CMSG_CLOEXEC), 1);
	ASSERT(CMSG_FIRSTHDR(&msg));
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int) * num);
}
