// Every field of every struct of the ABI, as compiled. A test compares the table with the C# structs, both ways, and
// checks that the fields tile each struct, so that a field missing here shows.
#include <normkernels/nk_row_norm.h>
#include <normkernels/nk_runtime.h>

#include <cstddef>

namespace {

#define NK_FIELD(type, field) \
  { #type, #field, offsetof(type, field), sizeof(type::field), sizeof(type) }

constexpr nk_field_layout kLayout[] = {
#define F(field) NK_FIELD(nk_row_norm_forward_params, field)
    F(struct_size),
    F(dtype),
    F(param_dtype),
    F(isa),
    F(flags),
    F(rows),
    F(cols),
    F(epsilon),
    F(x),
    F(residual),
    F(h),
    F(y),
    F(x_stride),
    F(residual_stride),
    F(h_stride),
    F(y_stride),
    F(weight),
    F(bias),
    F(mean),
    F(rstd),
#undef F
#define F(field) NK_FIELD(nk_row_norm_backward_params, field)
    F(struct_size),
    F(dtype),
    F(param_dtype),
    F(isa),
    F(flags),
    F(rows),
    F(cols),
    F(epsilon),
    F(dy),
    F(x),
    F(dh),
    F(dx),
    F(dy_stride),
    F(x_stride),
    F(dh_stride),
    F(dx_stride),
    F(weight),
    F(mean),
    F(rstd),
    F(dweight),
    F(dbias),
    F(workspace),
    F(workspace_size),
    F(stage),
    F(reserved),
    F(part_begin),
    F(part_end),
#undef F
#define F(field) NK_FIELD(nk_row_norm_jvp_params, field)
    F(struct_size),
    F(dtype),
    F(param_dtype),
    F(isa),
    F(flags),
    F(rows),
    F(cols),
    F(epsilon),
    F(x),
    F(tan_x),
    F(tan_residual),
    F(jvp_h),
    F(jvp_y),
    F(x_stride),
    F(tan_x_stride),
    F(tan_residual_stride),
    F(jvp_h_stride),
    F(jvp_y_stride),
    F(weight),
    F(tan_weight),
    F(tan_bias),
    F(mean),
    F(rstd),
#undef F
#define F(field) NK_FIELD(nk_plan, field)
    F(part_count),
    F(workspace_size),
#undef F
#define F(field) NK_FIELD(nk_field_layout, field)
    F(struct_name),
    F(field_name),
    F(offset),
    F(size),
    F(struct_size),
#undef F
};

}  // namespace

const nk_field_layout* nk_abi_layout(int64_t* count) {
  if (count != nullptr) *count = static_cast<int64_t>(sizeof kLayout / sizeof kLayout[0]);
  return kLayout;
}
