/* oneDNN 2.6 and 3.x in one dialect: the only place that knows their differences.
 *
 * 3.x has no operation descriptors, opaque memory descriptors, and no scale in post-operations. */
#pragma once

#include <dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t its_md;
typedef dnnl_memory_desc_t its_own_md;
#else
typedef const dnnl_memory_desc_t *its_md;
typedef struct its_own_md {
    dnnl_memory_desc_t desc;
} its_own_md;
#endif

static inline its_md its_md_of(const its_own_md *own)
{
#if DNNL_VERSION_MAJOR >= 3
    return *own;
#else
    return &own->desc;
#endif
}

static inline dnnl_status_t its_md_init(its_own_md *own, int rank, const dnnl_dims_t dims,
                                        dnnl_data_type_t type, dnnl_format_tag_t tag)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_create_with_tag(own, rank, dims, type, tag);
#else
    return dnnl_memory_desc_init_by_tag(&own->desc, rank, dims, type, tag);
#endif
}

static inline void its_md_fini(its_own_md *own)
{
#if DNNL_VERSION_MAJOR >= 3
    if (*own)
        dnnl_memory_desc_destroy(*own);
    *own = NULL;
#else
    (void)own;
#endif
}

static inline dnnl_status_t its_post_eltwise(dnnl_post_ops_t ops, dnnl_alg_kind_t kind, float alpha,
                                             float beta)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_post_ops_append_eltwise(ops, kind, alpha, beta);
#else
    return dnnl_post_ops_append_eltwise(ops, 1, kind, alpha, beta);
#endif
}

struct its_dnnl_window {
    dnnl_dims_t stride, dilation, pad, pad_after;
};

/* A forward convolution for inference. bias may be NULL. */
static inline dnnl_status_t its_dnnl_conv(dnnl_primitive_desc_t *pd, dnnl_engine_t engine,
                                          its_md src, its_md weights, its_md bias, its_md dst,
                                          const struct its_dnnl_window *w,
                                          const_dnnl_primitive_attr_t attr)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_convolution_forward_primitive_desc_create(
        pd, engine, dnnl_forward_inference, dnnl_convolution_direct, src, weights, bias, dst,
        w->stride, w->dilation, w->pad, w->pad_after, attr);
#else
    dnnl_convolution_desc_t desc;
    dnnl_status_t rc = dnnl_dilated_convolution_forward_desc_init(
        &desc, dnnl_forward_inference, dnnl_convolution_direct, src, weights, bias, dst, w->stride,
        w->dilation, w->pad, w->pad_after);
    return rc == dnnl_success ? dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL) : rc;
#endif
}
