// The tables of rms_norm, one for each instruction set.
#pragma once

#include "core/isas.h"
#include "core/row_norm_table.h"

NK_DECLARE_TABLES(row_norm_table, rms_norm_table)
