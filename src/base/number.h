/* Numbers as people write them in configuration: decimal, with a point, in every locale. */
#pragma once

#define ITS_NUMBER_CHARS 32

/* [+-]digits[.digits][e[+-]digits] and nothing else: no spaces, hexadecimal, "inf" or "nan".
 * 0; -EINVAL: not a number; -ERANGE: too large for a double. */
int its_number_parse(const char *text, double *value);

/* The shortest text that its_number_parse reads back as the same value. Returns out. */
const char *its_number_format(double value, char out[ITS_NUMBER_CHARS]);

/* The same for a value that is kept as a float: 0.1f gives "0.1". */
const char *its_number_format_float(float value, char out[ITS_NUMBER_CHARS]);
