using NormKernels.Interop;

namespace NormKernels.Dispatch
{
    /// <summary>Parameters of a call that can be made in parts.</summary>
    internal interface IStagedParams
    {
        void SetStage(nk_stage value, long begin, long end);
    }

    /// <summary>Parameters of a call whose parts need scratch.</summary>
    internal interface IPiecedParams : IStagedParams
    {
        /// <summary>Makes piece number <paramref name="index"/> of the workspace the whole of it.</summary>
        void SetPiece(long index);
    }
}

namespace NormKernels.Interop
{
    using NormKernels.Dispatch;

    internal partial struct nk_row_norm_backward_params : IStagedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);
    }

    internal partial struct nk_channel_norm_forward_params : IStagedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);
    }

    internal partial struct nk_channel_norm_backward_params : IStagedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);
    }

    internal partial struct nk_channel_norm_jvp_params : IStagedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);
    }

    internal partial struct nk_batch_norm_apply_params : IStagedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);
    }

    internal partial struct nk_axis_forward_params : IStagedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);
    }

    internal partial struct nk_axis_backward_params : IStagedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);
    }

    internal partial struct nk_axis_jvp_params : IStagedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);
    }

    internal unsafe partial struct nk_reduction_forward_params : IPiecedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);

        public void SetPiece(long index) => workspace = (byte*)workspace + index * (long)workspace_size;
    }

    internal unsafe partial struct nk_reduction_backward_params : IPiecedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);

        public void SetPiece(long index) => workspace = (byte*)workspace + index * (long)workspace_size;
    }

    internal unsafe partial struct nk_reduction_jvp_params : IPiecedParams
    {
        public void SetStage(nk_stage value, long begin, long end) =>
            (stage, part_begin, part_end) = (value, begin, end);

        public void SetPiece(long index) => workspace = (byte*)workspace + index * (long)workspace_size;
    }
}
