/* What a bin is, in SQL: once, for the view that people read and for the reader that the API uses.
 *
 * A row per camera, line, revision and direction in each period that was covered while the line
 * counted, or in which something was counted: the minutes of coverage bring the zeros, the minutes
 * of bin_minute the counts, and both are added up into the period. The period is joined to how it
 * was watched; a period of which no minute was watched and nothing counted has no row: a gap. */
#pragma once

#include "detect/detection.h"

/* clang-format off: the layout is SQL's */

#define ITS_BINS_CLASS(name, text)                                                                 \
    "    SUM(CASE class WHEN '" text "' THEN count ELSE 0 END) AS " text ",\n"
#define ITS_BINS_CLASS_COLUMN(name, text) " " text ","

/* The columns behind period_s; the classes in the order of ITS_CLASSES. */
#define ITS_BINS_COLUMNS                                                                           \
    "camera, line, line_revision, direction, total," ITS_CLASSES(                                  \
        ITS_BINS_CLASS_COLUMN) " observed_us / 1e6 AS observed_s, frames_used, frames_predicted, " \
                               "frames_lost,"                                                      \
                               " analysis_level, view_valid, start_us"

#define ITS_BINS_START "    start_us / (period_s * 1000000) * (period_s * 1000000) AS start_us,\n"

/* periods: a table expression of seconds; where: condition on the minutes that may contribute. */
#define ITS_BINS_SQL(periods, where)                                                               \
    "\n"                                                                                           \
    "WITH period(period_s) AS " periods ",\n"                                                      \
    "direction(direction) AS (VALUES ('forward'), ('backward')),\n"                                \
    "watched AS (SELECT * FROM coverage_minute WHERE " where "),\n"                                \
    "minute AS (\n"                                                                                \
    "    SELECT camera, line.line, line.revision AS line_revision, direction, start_us,\n"         \
    "        NULL AS class, 0 AS count\n"                                                          \
    "    FROM watched JOIN line USING (camera) CROSS JOIN direction\n"                             \
    "    WHERE line.from_us < start_us + 60000000 AND ifnull(line.to_us > start_us, true)\n"       \
    "    UNION ALL\n"                                                                              \
    "    SELECT camera, line, line_revision, direction, start_us, class, count\n"                  \
    "    FROM bin_minute WHERE " where "),\n"                                                      \
    "counted AS (\n"                                                                               \
    "    SELECT period_s, camera, line, line_revision, direction,\n" ITS_BINS_START                \
    ITS_CLASSES(                                                                                   \
        ITS_BINS_CLASS) "    SUM(count) AS total\n"                                                \
                        "    FROM minute CROSS JOIN period GROUP BY 1, 2, 3, 4, 5, 6),\n"          \
                        "covered AS (\n"                                                           \
                        "    SELECT period_s, camera,\n" ITS_BINS_START                            \
                        "    SUM(observed_us) AS observed_us, SUM(frames_used) AS frames_used,\n"  \
                        "    SUM(frames_predicted) AS frames_predicted, SUM(frames_lost) AS "      \
                        "frames_lost,\n"                                                           \
                        "    MAX(analysis_level) AS analysis_level, MIN(view_valid) AS "           \
                        "view_valid\n"                                                             \
                        "    FROM watched CROSS JOIN period GROUP BY 1, 2, 3)\n"                   \
                        "SELECT * FROM counted LEFT JOIN covered USING (period_s, camera, "        \
                        "start_us)"

/* clang-format on */
