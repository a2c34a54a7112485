#include "sim/rain.h"

#include "base/attr.h"
#include "sim/dice.h"

#define PX_PER_STREAK 1500
#define DROPS         9

/* From x, y downwards, a little to the right; brighter in its middle. */
static void streak(const struct its_i420 *p, int x, int y, int length, int bright)
{
    for (int i = 0; i < length && y + i < p->h; i++) {
        int at = x + i / 7;
        if (at >= p->w)
            return;
        uint8_t *luma = &p->plane[0][(ptrdiff_t)(y + i) * p->stride[0] + at];
        int edge = ITS_MIN(i, length - 1 - i) < 2;
        *luma = (uint8_t)ITS_MIN(235, *luma + (edge ? bright / 2 : bright));
    }
}

void its_rain_fall(const struct its_i420 *picture, uint64_t seed, uint64_t frame)
{
    struct its_dice dice = {seed * 0x9e3779b97f4a7c15u + frame * 0xd1b54a32d192ed03u};
    int n = picture->w * picture->h / PX_PER_STREAK;
    for (int i = 0; i < n; i++) {
        /* Most fall far away: short, faint; a few near ones are long. */
        double near = its_dice_between(&dice, 0, 1);
        near *= near * near;
        int x = (int)its_dice_between(&dice, 0, picture->w);
        int y = (int)its_dice_between(&dice, -30, picture->h);
        int length = (int)((5 + 30 * near) * picture->h / 540);
        if (y >= 0)
            streak(picture, x, y, length, (int)(7 + 17 * near));
    }
}

void its_rain_drops(struct its_canvas *canvas, uint64_t seed)
{
    static const struct its_colour dark = {.25f, .27f, .30f, .14f}, pale = {.86f, .88f, .90f, .15f};
    static const struct its_colour glint = {1, 1, 1, .30f};
    struct its_dice dice = {seed ^ 0x64726f7073u};
    float w = (float)its_canvas_width(canvas), h = (float)its_canvas_height(canvas);
    for (int i = 0; i < DROPS; i++) {
        struct its_point p = {(float)its_dice_between(&dice, 0, w),
                              (float)its_dice_between(&dice, 0, h)};
        float r = (float)its_dice_between(&dice, .004, .014) * w;
        its_canvas_ellipse(canvas, p, r, r * 1.1f, dark);
        its_canvas_ellipse(canvas, (struct its_point){p.x, p.y + r * .25f}, r * .8f, r * .8f, pale);
        its_canvas_ellipse(canvas, (struct its_point){p.x - r * .3f, p.y - r * .4f}, r * .16f,
                           r * .16f, glint);
    }
}
