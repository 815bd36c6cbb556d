/* The requests that the call server reads, and Slack's answers to them. */
#ifndef BENCH_API_ANSWERS_H
#define BENCH_API_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../src/buffer.h"

struct api_request {
    size_t head_length, body_length;
    bool is_upload;  /* bytes of a file, not a call */
    char method[64]; /* "chat.postMessage" */
    bool has_number; /* "seq-NUMBER" was in the body */
    uint64_t number;
};

/* 1: the head is complete; 0: more of it must come; -1: it is none that is known here. */
int api_read_head(const char *data, size_t length, struct api_request *request);

/* Looks for the number in the body, which must be complete unless it is an upload. */
void api_read_number(const char *data, struct api_request *request);

/* Appends the answer, with the headers that Slack sends. */
void api_answer(struct slk_buffer *out, const struct api_request *request, int port);

#endif
