#include "track/vote.h"

enum family { ANY_WHEELS, ON_FOOT, TWO_WHEELS, FOUR_WHEELS };

static const enum family families[ITS_CLASS_COUNT] = {
    [ITS_CLASS_VEHICLE] = ANY_WHEELS, [ITS_CLASS_PERSON] = ON_FOOT,
    [ITS_CLASS_BICYCLE] = TWO_WHEELS, [ITS_CLASS_MOTORCYCLE] = TWO_WHEELS,
    [ITS_CLASS_CAR] = FOUR_WHEELS,    [ITS_CLASS_BUS] = FOUR_WHEELS,
    [ITS_CLASS_TRUCK] = FOUR_WHEELS,
};

void its_vote_add(struct its_vote *v, enum its_class cls, float score)
{
    v->sum[cls] += score;
}

enum its_class its_vote_winner(const struct its_vote *v)
{
    enum its_class best = ITS_CLASS_VEHICLE;
    float most = 0;
    for (int c = 0; c < ITS_CLASS_COUNT; c++) {
        if (c != ITS_CLASS_VEHICLE && v->sum[c] > most) {
            best = c;
            most = v->sum[c];
        }
    }
    return best;
}

float its_class_likeness(enum its_class a, enum its_class b)
{
    enum family fa = families[a], fb = families[b];
    if (a == b)
        return 1;
    if (fa == fb || (fa == ANY_WHEELS && fb != ON_FOOT) || (fb == ANY_WHEELS && fa != ON_FOOT))
        return 0.9f;
    return 0;
}
