/* Bytes of a protobuf message → the generated structs, safely: sizes, nesting and memory are
 * bounded before and while protobuf-c works. Private to nn/onnx/. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <onnx.pb-c.h>

#include "base/err.h"

#define ITS_ONNX_FILE_MAX ((size_t)1 << 30)

/* 0, and *out is the caller's (its_onnx_message_free); or an error. */
int its_onnx_message_read(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size,
                          ProtobufCMessage **out, struct its_error *err);
void its_onnx_message_free(ProtobufCMessage *m);

/* Gives a bytes field's memory back before its message goes. */
void its_onnx_message_drop_bytes(ProtobufCBinaryData *bytes);

/* A whole file, at most ITS_ONNX_FILE_MAX. 0, and *bytes to be freed with free(). */
int its_onnx_file_read(const char *path, uint8_t **bytes, size_t *size, struct its_error *err);
