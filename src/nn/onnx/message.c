/* Reading protobuf messages that nobody vouches for.
 *
 * protobuf-c recurses as deep as the file says and allocates as much as it says. So the bytes are
 * walked once before, without building anything, to bound the nesting; and what protobuf-c asks for
 * while it builds comes out of a budget of a few times the size of the file. */
#include "nn/onnx/message.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"

#define DEPTH_MAX 32 /* a tensor of a node lies 5 deep; 3 more for each graph within a graph */

/* --- the walk */

struct bytes {
    const uint8_t *at, *end;
};

static bool read_varint(struct bytes *b, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (b->at == b->end)
            return false;
        uint8_t byte = *b->at++;
        if (shift < 64)
            *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool skip(struct bytes *b, uint64_t count)
{
    if (count > (uint64_t)(b->end - b->at))
        return false;
    b->at += count;
    return true;
}

static int walk(const ProtobufCMessageDescriptor *type, struct bytes b, int depth);

/* What a length-delimited field holds, when that is a message. */
static int walk_field(const ProtobufCMessageDescriptor *type, uint32_t id, struct bytes inner,
                      int depth)
{
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(type, id);
    return f && f->type == PROTOBUF_C_TYPE_MESSAGE ? walk(f->descriptor, inner, depth + 1) : 0;
}

static int walk(const ProtobufCMessageDescriptor *type, struct bytes b, int depth)
{
    if (depth > DEPTH_MAX)
        return ITS_ETOOBIG;
    while (b.at < b.end) {
        uint64_t tag, value;
        bool ok = read_varint(&b, &tag);
        switch (tag & 7) {
        case 0:
            ok = ok && read_varint(&b, &value);
            break;
        case 1:
            ok = ok && skip(&b, 8);
            break;
        case 5:
            ok = ok && skip(&b, 4);
            break;
        case 2: {
            ok = ok && read_varint(&b, &value);
            const uint8_t *start = b.at;
            ok = ok && skip(&b, value);
            int rc =
                ok ? walk_field(type, (uint32_t)(tag >> 3), (struct bytes){start, b.at}, depth) : 0;
            if (rc)
                return rc;
            break;
        }
        default:
            ok = false;
        }
        if (!ok)
            return ITS_EDAMAGED;
    }
    return 0;
}

/* --- the budget */

static void *spend(void *budget, size_t bytes)
{
    size_t *left = budget;
    if (bytes > *left)
        return NULL;
    *left -= bytes;
    return malloc(bytes);
}

static void give_back(void *budget, void *p)
{
    free(p);
}

static ProtobufCAllocator plain_allocator(size_t *budget)
{
    return (ProtobufCAllocator){spend, give_back, budget};
}

int its_onnx_message_read(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size,
                          ProtobufCMessage **out, struct its_error *err)
{
    static const char *const not_onnx = "damaged, or not an ONNX file";
    *out = NULL;
    if (size > ITS_ONNX_FILE_MAX)
        return its_error_set(err, ITS_ETOOBIG, "larger than 1 GiB");
    int rc = walk(type, (struct bytes){bytes, bytes + size}, 0);
    if (rc)
        return its_error_set(err, rc, "%s",
                             rc == ITS_ETOOBIG ? "messages nested deeper than 32" : not_onnx);
    size_t budget = 4 * size + ((size_t)64 << 20);
    ProtobufCAllocator allocator = plain_allocator(&budget);
    *out = protobuf_c_message_unpack(type, &allocator, size, bytes);
    return *out ? 0 : its_error_set(err, ITS_EDAMAGED, "%s", not_onnx);
}

void its_onnx_message_free(ProtobufCMessage *m)
{
    size_t none = 0;
    ProtobufCAllocator allocator = plain_allocator(&none);
    if (m)
        protobuf_c_message_free_unpacked(m, &allocator);
}

void its_onnx_message_drop_bytes(ProtobufCBinaryData *bytes)
{
    free(bytes->data);
    *bytes = (ProtobufCBinaryData){0};
}

/* --- files */

static int read_all(int fd, uint8_t *bytes, size_t size)
{
    for (size_t have = 0; have < size;) {
        ssize_t n = read(fd, bytes + have, size - have);
        if (n == 0)
            return ITS_EDAMAGED; /* it became shorter under our hands */
        if (n < 0 && errno != EINTR)
            return -errno;
        have += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int its_onnx_file_read(const char *path, uint8_t **bytes, size_t *size, struct its_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return its_error_set(err, -errno, "%s", its_strerror(-errno));
    struct stat st;
    int rc = fstat(fd, &st) < 0 ? -errno : !S_ISREG(st.st_mode) ? -EINVAL : 0;
    if (rc == 0 && (uint64_t)st.st_size > ITS_ONNX_FILE_MAX)
        rc = ITS_ETOOBIG;
    *bytes = NULL;
    *size = (size_t)st.st_size;
    if (rc == 0 && !(*bytes = malloc(ITS_MAX(*size, 1))))
        rc = -ENOMEM;
    if (rc == 0)
        rc = read_all(fd, *bytes, *size);
    close(fd);
    if (rc) {
        free(*bytes);
        *bytes = NULL;
        return its_error_set(err, rc, "%s",
                             rc == -EINVAL       ? "not a file"
                             : rc == ITS_ETOOBIG ? "larger than 1 GiB"
                                                 : its_strerror(rc));
    }
    return 0;
}
