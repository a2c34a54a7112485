/* The journal: a local file in which records wait while the database is away. Append only, each
 * record with its length and checksum, synced per batch; emptied when all was replayed.
 *
 * A record on disk, integers little-endian:
 *   u32 magic "ITJ1" | u32 payload bytes | u32 CRC-32 of the payload | payload
 *   payload: u8 kind | 16 bytes ULID | the fields in the order of encode_… in journal.c;
 *            a text is u8 length + bytes, a float its IEEE bits.
 * A record cut short at the end of the file (a crash while appending) never was: it is ignored with
 * a line in the log. A damaged one in the middle is skipped to the next magic, and said too.
 *
 * One thread at a time; one process: the file is locked while open. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "store/record.h"

#define ITS_JOURNAL_RECORD_MAX 512

/* Writes the record at buf. Returns its bytes. */
size_t its_journal_encode(const struct its_record *record, uint8_t buf[ITS_JOURNAL_RECORD_MAX]);

/* Reads the record at the start of bytes. > 0: how many bytes it took; 0: it goes on behind the
 * n bytes; -EBADMSG: no (undamaged) record starts here. Any bytes may be given. */
int its_journal_decode(const uint8_t *bytes, size_t n, struct its_record *record);

struct its_journal;

/* Opens or creates it, checks what is there and cuts a record that was cut short. -EBUSY: another
 * process (or store) has it open. */
int its_journal_open(const char *path, struct its_journal **out, struct its_error *err);
/* Clears the pointer; NULL inside is allowed. */
void its_journal_close(struct its_journal **j);

/* Adds a record to the batch being written; on disk after its_journal_commit. On a failure of
 * either the file is cut back to the last commit: the batch is not in it. Negative errno. */
int its_journal_put(struct its_journal *j, const struct its_record *record);
int its_journal_commit(struct its_journal *j);

/* The next committed record from *at on (start with 0), which it moves behind it. 1; 0: no more;
 * negative errno. */
int its_journal_next(struct its_journal *j, int64_t *at, struct its_record *record);

/* Committed bytes. */
int64_t its_journal_size(const struct its_journal *j);

/* The id of the newest record, zero when there is none. */
struct its_ulid its_journal_last_id(const struct its_journal *j);

/* Everything was replayed: empties the file. */
int its_journal_clear(struct its_journal *j);
