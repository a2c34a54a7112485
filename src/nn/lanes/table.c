/* One level's functions. */
#include "nn/lanes/lane.h"

extern const struct its_lanes LANE(table);
const struct its_lanes LANE(table) = {.pool = LANE(pool),
                                      .enlarge = LANE(enlarge),
                                      .to_planes = LANE(to_planes),
                                      .to_block = LANE(to_block),
                                      .to_bf16 = LANE(to_bf16),
                                      .from_bf16 = LANE(from_bf16),
                                      .to_u8 = LANE(to_u8),
                                      .from_u8 = LANE(from_u8),
                                      .attention = LANE(attention),
                                      .decode = LANE(decode)};
