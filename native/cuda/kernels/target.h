// Names the target of native/math: to be included before anything of that folder.
#pragma once
#ifndef MYELIN_TARGET
#define MYELIN_TARGET cuda
#endif
#include "math/portable.h"
